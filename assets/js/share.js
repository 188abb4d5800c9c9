/** The share link: the page's address says what is shown, and an address that says so is shown again. */

import { store } from "./state.js";

const THROTTLE_MS = 300; // browsers limit how often the address may change
const NAMES = ["model", "a", "b", "method", "alpha"];

/** What the address asks for: strings of those names that it has. */
export function readLink() {
  const query = new URLSearchParams(window.location.search);
  return Object.fromEntries(NAMES.filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
}

/** Keep the address at what is shown. */
export function startSharing() {
  let timer = null;
  store.watch(NAMES, (state) => {
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
  return url;
}

/** Whether A or B is an upload, which lives in this running app only and no link can name. */
export const isShareable = ({ a, b }) => ![a, b].some(isUpload);

export const isUpload = (point) => String(point).startsWith("u");
