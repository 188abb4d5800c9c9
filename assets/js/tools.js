/** The bar of tools: a button opens its tool in place of another's; the same one or Escape closes it. */

import { recall, remember } from "./memory.js";
import { store } from "./state.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

export function mount(element) {
  const bar = element.querySelector(".tool-bar");
  const buttons = [...bar.querySelectorAll("button")];
  const remembered = recall("tool", "sessionStorage");
  if (buttons.some((button) => button.dataset.opens === remembered)) store.set({ tool: remembered });
  store.watch(["tool"], ({ tool }) => {
    for (const button of buttons) button.setAttribute("aria-expanded", String(button.dataset.opens === tool));
    document.documentElement.toggleAttribute("data-has-tool", tool !== null);
    remember("tool", tool, "sessionStorage");
  });
  for (const button of buttons) {
    button.addEventListener("click", () => {
      store.set({ tool: button.dataset.opens === store.get().tool ? null : button.dataset.opens });
    });
    button.addEventListener("focus", () => takeTab(buttons, button));
  }
  takeTab(buttons, buttons[0]);
  bar.addEventListener("keydown", (event) => step(event, buttons));
  addEventListener("keydown", (event) => isFree(event) && close(buttons)); // the window's turn is the last
}

/** Let the tabulator stop at one of the buttons only: the arrows lead to the others. */
function takeTab(buttons, stop) {
  for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
}

function step(event, buttons) {
  if (!(event.key in STEPS)) return;
  event.preventDefault(); // nor does alpha move
  const next = buttons.indexOf(document.activeElement) + STEPS[event.key];
  buttons[Math.max(0, Math.min(buttons.length - 1, next))].focus();
}

/** Whether a key is an Escape that nobody else has a use for. */
function isFree({ key, defaultPrevented }) {
  return key === "Escape" && !defaultPrevented && !document.querySelector("dialog:modal");
}

function close(buttons) {
  const { tool } = store.get();
  const button = buttons.find(({ dataset }) => dataset.opens === tool);
  if (document.activeElement.closest(".tool")) button.focus(); // it would be lost with the tool
  store.set({ tool: null });
}
