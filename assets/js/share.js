/** The share link: the page's address says what is shown, and an address that says so is shown again. */

import { steerOf, store } from "./state.js";

const THROTTLE_MS = 300; // browsers limit how often the address may change
const NAMES = ["model", "a", "b", "method", "alpha"];
const STEER = /^(.+):(-?\d+(?:\.\d+)?)(h?)$/; // a direction, its strength in σ, and whether it is held

/** What the address asks for: strings of those names that it has. */
export function readLink() {
  const query = new URLSearchParams(window.location.search);
  const names = [...NAMES, "steer"].filter((name) => query.has(name));
  return Object.fromEntries(names.map((name) => [name, query.get(name)]));
}

/** Keep the address at what is shown. */
export function startSharing() {
  let timer = null;
  store.watch([...NAMES, "rack"], (state) => {
    if (state.model === null) return;
    timer ??= setTimeout(() => {
      timer = null;
      window.history.replaceState(window.history.state, "", link());
    }, THROTTLE_MS);
  });
}

/** The address of what is shown now. */
export function link() {
  const state = store.get();
  const url = new URL(window.location.href);
  for (const name of NAMES) url.searchParams.set(name, state[name]);
  const steer = writeSteer(state.rack);
  if (steer) url.searchParams.set("steer", steer);
  else url.searchParams.delete("steer");
  return url;
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
export const isShareable = ({ a, b }) => ![a, b].some(isUpload);

/** Whether every slider that does something is of a built-in direction: a link leaves out the others. */
export const isWhole = ({ rack }) => steerOf(rack.filter(({ info }) => !info.built_in)).length === 0;

export const isUpload = (point) => String(point).startsWith("u");
