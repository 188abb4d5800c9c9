/** The tool “Traversal”: one thing varied from −3 to 3 σ on several items; a click on a picture goes on from it. */

import { createGrid } from "./grid.js";
import { randomItem } from "./made.js";
import { attempt, notify } from "./notice.js";
import { nameOf, rowOf } from "./points.js";
import { ready } from "./session.js";
import { modelStatus, morphOf, steerOf, store } from "./state.js";
import { WAYS, coordinateOf } from "./ways.js";
import { startTool } from "./tool.js";

export async function mount(element) {
  await ready;
  const find = (selector) => element.querySelector(selector);
  const menus = createMenus(find("[data-way]"), find("[data-which]"));
  const grid = createGrid(find(".grid"));
  let other = null; // the item of the last row

  async function refresh(isNewest) {
    const state = store.get();
    if (other === null || !(rowOf(other, modelStatus(state.model).dataset) < modelStatus(state.model).points)) other = randomItem();
    const along = await attempt(menus.chosen);
    if (!along || !isNewest()) return;
    find("[data-told]").textContent = along.told;
    try {
      await grid.fill(rowsOf(state, other), along, isNewest);
    } catch (error) {
      notify(error.message, "error");
      menus.forget(); // the server may have lost the direction: it is made anew next time
    }
  }

  const later = startTool(element.querySelector(".tool"), ["model", "dataset", "a", "b", "method", "alpha", "rack", "status"], refresh);
  for (const name of ["way", "which"]) find(`[data-${name}]`).addEventListener("change", later);
  find("[data-other]").addEventListener("click", () => {
    other = randomItem();
    later();
  });
  store.watch(["slot"], ({ slot }) => {
    find("[data-slot]").dataset.slot = slot;
    find("[data-slot]").textContent = slot.toUpperCase();
  });
}

/** A row each: the picture shown with its sliders, and A, B and another as they are; what is held is held in all. */
function rowsOf(state, other) {
  const { model, a, b, rack, pictures } = state;
  const held = steerOf(rack).filter(({ hold }) => hold).map((steer) => ({ ...steer, strength: 0 }));
  const at = (point) => ({ model, a: point, b: point, method: "slerp", alpha: 0, steer: held });
  return [
    { title: "shown", name: "picture", morph: morphOf(state) },
    { title: "A", name: nameOf(a, state), morph: at(a) },
    { title: "B", name: nameOf(b, state), morph: at(b) },
    { title: other, name: nameOf(other, state), morph: at(other) },
  ];
}

/** The menus of what varies. `chosen()` resolves to {id, label, told} of the direction that stands for it. */
function createMenus(wayMenu, whichMenu) {
  let filled = ""; // what the menus hold
  const known = new Map(); // choice → promise of its direction

  async function fill() {
    const state = store.get();
    const { state: progress } = modelStatus(state.model);
    const wanted = [state.model, state.dataset, progress, wayMenu.value, ...state.rack.map(({ id }) => id)].join(" ");
    if (wanted === filled) return;
    wayMenu.options[0].textContent = `one ${coordinateOf(state.model)}`;
    const options = await WAYS[wayMenu.value].list(state);
    const before = whichMenu.value;
    whichMenu.replaceChildren(...options.map(({ title, value }) => new Option(title, value)));
    if (options.some(({ value }) => String(value) === before)) whichMenu.value = before;
    filled = wanted;
  }

  return {
    async chosen() {
      await fill();
      const { model, dataset } = store.get();
      const progress = modelStatus(model).state; // what varies is known better once all items are encoded
      const [way, which] = [wayMenu.value, whichMenu.value];
      if (which === "") throw new Error("There is no direction yet: find one with “+ direction” first.");
      const key = [model, dataset, progress, way, which].join(" ");
      if (!known.has(key)) known.set(key, WAYS[way].find(model, which));
      known.get(key).catch(() => known.delete(key));
      return known.get(key);
    },
    forget: () => known.clear(),
  };
}
