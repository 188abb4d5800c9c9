/** The share link: the page's address says what is shown, and an address that says so is shown again. */

import { datasetOfPoints, isOwn } from "./points.js";
import { modelStatus, steerOf } from "./state.js";

const THROTTLE_MS = 300; // browsers limit how often the address may change
const NAMES = ["model", "dataset", "a", "b", "method", "alpha"];
const POINTS = ["a", "b"];
const STEER = /^(.+):(-?\d+(?:\.\d+)?)(h?)$/; // a direction, its strength in σ, and whether it is held

/** What an address asks for by its `search`: strings of those names that it has. */
export function readLink(search) {
  const query = new URLSearchParams(search);
  const names = [...NAMES, "steer"].filter((name) => query.has(name));
  return Object.fromEntries(names.map((name) => [name, query.get(name)]));
}

/** Keep the address at what `view` shows. */
export function startSharing(view) {
  let timer = null;
  view.watch([...NAMES, "rack"], ({ model }) => {
    if (model === null) return;
    timer ??= setTimeout(() => {
      timer = null;
      window.history.replaceState(window.history.state, "", link(view.get(), window.location.href));
    }, THROTTLE_MS);
  });
}

/** The address, beginning as `base`, of what a view's state shows; what is the person's own stays out of it. */
export function link(state, base) {
  const url = new URL(base);
  const said = { steer: writeSteer(state.rack) };
  for (const name of NAMES) said[name] = POINTS.includes(name) && isOwn(state[name]) ? "" : String(state[name]);
  if (isUnderstood(state)) said.dataset = "";
  for (const [name, text] of Object.entries(said)) {
    if (text) url.searchParams.set(name, text);
    else url.searchParams.delete(name);
  }
  return url;
}

/** Whether a link leads to the data set that is looked at without naming it: to the model's first. */
function isUnderstood(state) {
  const { model, dataset, status } = state;
  return dataset === modelStatus(model, state).datasets[0] && [null, dataset].includes(datasetOfPoints(state, status.datasets));
}

/** The sliders as a link says them: built-in directions only, since the others live in this running app. */
function writeSteer(rack) {
  const active = steerOf(rack.filter(({ info }) => info.built_in));
  return active.map(({ direction, strength, hold }) => `${direction}:${strength}${hold ? "h" : ""}`).join(",");
}

/** What a link's `steer` says: a {text, id, strength, hold} each; without an id where it cannot be read. */
export function readSteer(steer) {
  return steer.split(",").filter(Boolean).map((text) => {
    const [, id, strength, hold] = STEER.exec(text) ?? [];
    return { text, id, strength: Number(strength), hold: hold === "h" };
  });
}

/** Whether A or B is an upload, which lives in this running app only and no link can name. */
export const isShareable = ({ a, b }) => ![a, b].some(isOwn);

/** Whether every slider that does something is of a built-in direction: a link leaves out the others. */
export const isWhole = ({ rack }) => steerOf(rack.filter(({ info }) => !info.built_in)).length === 0;
