/** What the rack changed, read at the picture: the traits asked for, and those that should have been left alone. */

import { newestFirst } from "./newest.js";
import { post } from "./server.js";
import { sigma } from "./sigma.js";
import { canDecode, here, morphOf, store, whenDecoding } from "./state.js";

const SETTLE_MS = 150; // of a drag, whose frames come first
const OTHERS = 4; // traits told beside those asked for
const FULL_SCALE = 3; // σ at the end of a bar

/** Keep `element` at what the shown picture's steering changed. */
export function startEffects(element) {
  let timer = null;

  const update = newestFirst(async (_, isNewest) => {
    const state = store.get();
    const moved = state.rack.filter(({ strength }) => strength !== 0).map(({ info }) => info);
    if (moved.length === 0 || !canDecode(state)) return show(element, null, []);
    const failed = ({ message }) => ({ typicality: `What it changed is not known: ${message}` });
    const told = await post("effects", here(), JSON.stringify(morphOf(state))).catch(failed);
    if (isNewest()) show(element, told, moved);
  });

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(update, SETTLE_MS);
  };
  store.watch(["model", "a", "b", "method", "alpha", "rack"], later);
  whenDecoding(later);
}

function show(element, told, moved) {
  const [list, verdict] = element.children;
  list.replaceChildren(...(told?.effects ? [createTitle(), ...createRows(told.effects, moved)] : []));
  verdict.textContent = told?.typicality ?? "";
  verdict.classList.toggle("far", told?.typical === false);
}

function createTitle() {
  const title = Object.assign(document.createElement("h3"), { textContent: "What it changed" });
  title.title = "The picture is decoded and encoded again, and every trait is read from it. In σ of the data.";
  return title;
}

/** First what was asked for, read or not, then what changed most beside it. */
function createRows(effects, moved) {
  const asked = moved.map(({ id, name }) => effects.find((e) => e.direction === id) ?? { direction: id, name });
  const factors = moved.map(({ id }) => factorOf(id)); // "label: class" is no side effect of "label"
  const others = effects.filter(({ direction }) => !factors.includes(factorOf(direction))).slice(0, OTHERS);
  return [...asked.map((effect) => createRow(effect, "asked")), ...others.map((effect) => createRow(effect, "other"))];
}

const factorOf = (direction) => direction.split(":")[0];

function createRow({ direction, name, change }, kind) {
  const row = document.createElement("div");
  row.className = `effect ${kind}`;
  row.dataset.direction = direction;
  const track = text("track", "");
  if (change === undefined) row.title = "It is not known well enough to be read from a picture.";
  else track.append(createBar(change));
  row.append(text("name", name), track, text("value", change === undefined ? "not read" : sigma(change)));
  return row;
}

function createBar(change) {
  const share = Math.min(1, Math.abs(change) / FULL_SCALE) * 50;
  const bar = document.createElement("i");
  bar.style.cssText = `width: ${share}%; ${change < 0 ? "right" : "left"}: 50%`;
  return bar;
}

const text = (className, textContent) => Object.assign(document.createElement("span"), { className, textContent });
