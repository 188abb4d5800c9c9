/** One direction on the rack: its slider in σ, a tick box that holds it, its strip, and where it comes from. */

import { removeDirection, setHold, setStrength } from "./rack.js";
import { tell } from "./provenance.js";
import { sigma } from "./sigma.js";

/** What the controls are called where their row is not seen. */
const LABELS = {
  "[data-hold]": (name) => `Hold ${name}`,
  "[data-strip]": (name) => `Strip of ${name}`,
  "[data-info]": (name) => `Where ${name} comes from`,
  "[data-remove]": (name) => `Take ${name} off the rack`,
  "[data-reset]": (name) => `Reset ${name}`,
};

/** The row of a rack's entry, made from `template`; `strip` is the page's one strip. {element, info, update(entry)} */
export function createSlider(template, { id, info }, strip) {
  const element = template.content.cloneNode(true).firstElementChild;
  const find = (selector) => element.querySelector(selector);
  const slider = find("input[type=range]");
  let shown = null;
  element.dataset.direction = id;
  find(".name").textContent = find(".name").title = info.name;
  slider.setAttribute("aria-label", `${info.name}, in σ`);
  for (const [control, label] of Object.entries(LABELS)) find(control).setAttribute("aria-label", label(info.name));
  slider.addEventListener("input", () => setStrength(id, slider.valueAsNumber));
  slider.addEventListener("dblclick", () => setStrength(id, 0));
  find("[data-reset]").addEventListener("click", () => setStrength(id, 0));
  find("[data-hold]").addEventListener("change", ({ target }) => setHold(id, target.checked));
  find("[data-strip]").addEventListener("click", () => strip.toggle(id, element));
  find("[data-remove]").hidden = info.featured && info.built_in;
  find("[data-remove]").addEventListener("click", () => removeDirection(id));
  startInfo(find("[data-info]"), find(".told"), info);

  function update(entry) {
    if (entry === shown) return; // in a drag the rows of all others: writing the same is laying out anew
    shown = entry;
    const { strength, hold } = entry;
    slider.value = strength;
    const text = sigma(strength, Number.isInteger(strength * 10) ? 1 : 2);
    slider.setAttribute("aria-valuetext", text);
    slider.style.setProperty("--strength", strength);
    find("output").textContent = text;
    find("[data-hold]").checked = hold;
    element.classList.toggle("moved", strength !== 0);
    element.classList.toggle("held", hold);
  }

  return { element, info, update };
}

function startInfo(button, told, info) {
  button.addEventListener("click", () => {
    told.hidden = !told.hidden;
    button.setAttribute("aria-pressed", String(!told.hidden));
    if (told.hidden) return;
    tell(told, info);
    told.scrollIntoView({ block: "nearest" });
  });
}
