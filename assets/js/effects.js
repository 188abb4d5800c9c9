/** What the rack changed, read at the picture: the traits asked for, and those that should have been left alone. */

import { post } from "./server.js";
import { canDecode, morphOf, store, whenDecoding } from "./state.js";

const SETTLE_MS = 150; // of a drag, whose frames come first
const OTHERS = 4; // traits told beside those asked for
const FULL_SCALE = 3; // σ at the end of a bar

/** Keep `element` at what the shown picture's steering changed. */
export function startEffects(element) {
  let timer = null;
  let newest = 0;

  async function update() {
    const mine = ++newest;
    const state = store.get();
    const { model, steer } = morphOf(state);
    const moved = steer.filter(({ strength }) => strength !== 0).map(({ direction }) => direction);
    if (model === null || moved.length === 0 || !canDecode(state)) return show(element, null, []);
    // What is wrong with the morph is said where its frame fails.
    const told = await post("effects", {}, JSON.stringify(morphOf(state))).catch(() => null);
    if (mine === newest) show(element, told, moved);
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(update, SETTLE_MS);
  };
  store.watch(["model", "a", "b", "method", "alpha", "rack"], later);
  whenDecoding(later);
}

function show(element, told, moved) {
  if (!told) {
    element.replaceChildren();
    return;
  }
  const isAsked = ({ direction }) => moved.includes(direction);
  const factors = moved.map(factorOf); // "glasses: round" is no side effect of "glasses"
  const others = told.effects.filter(({ direction }) => !factors.includes(factorOf(direction))).slice(0, OTHERS);
  const title = Object.assign(document.createElement("h3"), { textContent: "What it changed" });
  title.title = "The picture is decoded and encoded again, and every trait is read from it. In σ of the portraits.";
  const rows = [...told.effects.filter(isAsked).map((e) => createRow(e, "asked")), ...others.map((e) => createRow(e, "other"))];
  const verdict = Object.assign(document.createElement("p"), { textContent: told.typicality });
  verdict.className = told.typical ? "fine" : "fine far";
  element.replaceChildren(title, ...rows, verdict);
}

const factorOf = (direction) => direction.split(":")[0];

function createRow({ direction, name, change }, kind) {
  const row = document.createElement("div");
  row.className = `effect ${kind}`;
  row.dataset.direction = direction;
  const bar = document.createElement("i");
  const share = Math.min(1, Math.abs(change) / FULL_SCALE) * 50;
  bar.style.cssText = `width: ${share}%; ${change < 0 ? "right" : "left"}: 50%`;
  const track = Object.assign(document.createElement("span"), { className: "track" });
  track.append(bar);
  const value = Object.assign(document.createElement("output"), { textContent: signed(change) });
  row.append(Object.assign(document.createElement("span"), { textContent: name }), track, value);
  return row;
}

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)} σ`;
