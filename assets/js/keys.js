/** The keyboard, and the help that lists it. Silent while somebody types or uses a control of its own keys. */

import { nextMapTool } from "./groups.js";
import { togglePlay } from "./player.js";
import { resetRack } from "./rack.js";
import { chooseSlot, randomPair, setAlpha, store, swap } from "./state.js";

const STEP = 0.01;
const BIG_STEP = 0.1; // with shift

const KEYS = {
  a: { label: "A", help: "the next click on the map sets A", run: () => chooseSlot("a") },
  b: { label: "B", help: "the next click on the map sets B", run: () => chooseSlot("b") },
  " ": { label: "space", help: "play or pause", run: () => togglePlay(store) },
  arrowleft: { label: "←", help: "alpha 0.01 down, with shift 0.1", run: (event) => step(event, -1) },
  arrowright: { label: "→", help: "alpha 0.01 up, with shift 0.1", run: (event) => step(event, 1) },
  g: { label: "G", help: "the map adds points to group +, then to group −, then sets A and B again", run: nextMapTool },
  s: { label: "S", help: "swap A and B", run: () => swap(store) },
  r: { label: "R", help: "a random pair", run: () => randomPair(store) },
  0: { label: "0", help: "all directions back to 0 σ", run: resetRack },
  "?": { label: "?", help: "this list", run: () => toggleHelp() },
};

let dialog = null;

/** Listen to the page's keys, and list them in the help dialog. */
export function startKeys(helpDialog) {
  dialog = helpDialog;
  const list = dialog.querySelector("dl");
  for (const { label, help } of Object.values(KEYS)) {
    const key = document.createElement("kbd");
    key.textContent = label;
    const term = document.createElement("dt");
    term.append(key);
    list.append(term, Object.assign(document.createElement("dd"), { textContent: help }));
  }
  document.addEventListener("keydown", onKey);
}

export function toggleHelp() {
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const key = KEYS[event.key.toLowerCase()];
  if (!key || takesKey(event.target, event.key) || isCovered(event.key)) return;
  event.preventDefault();
  key.run(event);
}

/** Whether a dialog lies over what the key would change; the help closes by its own key. */
function isCovered(key) {
  const modal = document.querySelector("dialog:modal");
  return modal !== null && !(modal === dialog && key === "?");
}

/** Whether the focused control needs this key itself. */
function takesKey(target, key) {
  const typed = target.closest("input:not([type=range]), textarea, select, [contenteditable]");
  if (key.startsWith("Arrow") && target.closest(".rack input, .tool input, [role=slider]") !== null) return true;
  return typed !== null || (key === " " && target.closest("button, a, summary, [role=button]") !== null);
}

function step(event, direction) {
  store.set({ playing: false });
  setAlpha(store, store.get().alpha + direction * (event.shiftKey ? BIG_STEP : STEP));
}
