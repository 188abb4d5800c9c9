/** The panel of directions: the rack's sliders, what else can be put on it, and files of directions. */

import { chooseFile, saveRack } from "./direction_files.js";
import { startEffects } from "./effects.js";
import { startFind } from "./find.js";
import { isWeak } from "./provenance.js";
import { addDirection, directionsOf, holdAll, resetRack } from "./rack.js";
import { ready } from "./session.js";
import { createSlider } from "./slider.js";
import { store } from "./state.js";
import { createStrip } from "./strip.js";

export async function mount(element) {
  await ready;
  const find = (selector) => element.querySelector(selector);
  startSliders(find(".sliders"), find("template"));
  startAdding(find("[data-add]"), find("[data-empty]"));
  startHolding(find("[data-hold-all]"));
  startFind(find("[data-find]"), find("dialog"));
  startEffects(find(".effects"));
  find("[data-reset-all]").addEventListener("click", resetRack);
  find("[data-save]").addEventListener("click", saveRack);
  find("[data-load]").addEventListener("click", chooseFile);
  store.watch(["rack"], ({ rack }) => {
    find("[data-reset-all]").disabled = rack.every(({ strength }) => strength === 0);
    find("[data-hold-all]").disabled = rack.length === 0;
  });
}

/** Keep one row a direction; a row stays the same as long as its direction is on the rack. */
function startSliders(list, template) {
  const strip = createStrip();
  let sliders = [];
  store.watch(["rack"], ({ rack }) => {
    const before = sliders;
    const sliderOf = (entry) => before.find(({ info }) => info === entry.info) ?? createSlider(template, entry, strip);
    sliders = rack.map(sliderOf);
    rack.forEach((entry, index) => sliders[index].update(entry));
    if (sliders.length === before.length && sliders.every((slider, index) => slider === before[index])) return;
    list.replaceChildren(...sliders.map(({ element }) => element));
  });
}

/** The menu of built-in directions that are not on the rack, and a word where the model has none. */
function startAdding(menu, empty) {
  let built = null; // not known yet
  store.watch(["model"], async ({ model }) => {
    built = null;
    const answer = await directionsOf(model).catch(() => null); // the rack has said why
    if (model !== store.get().model) return;
    built = answer && answer.directions.toSorted((one, other) => one.name.localeCompare(other.name));
    fill(store.get());
  });
  const fill = ({ rack }) => {
    const rest = (built ?? []).filter(({ id }) => rack.every((entry) => entry.id !== id));
    menu.replaceChildren(new Option("add…", ""), ...rest.map(createOption));
    menu.hidden = rest.length === 0;
    empty.hidden = built === null || rack.length > 0 || built.length > 0;
  };
  store.watch(["rack"], (state, before) => state.rack.length !== before.rack.length && fill(state));
  menu.addEventListener("change", () => {
    const info = built.find(({ id }) => id === menu.value);
    if (info) addDirection(info);
    menu.value = "";
  });
}

function createOption(info) {
  const option = new Option(info.name, info.id);
  option.classList.toggle("weak", isWeak(info));
  if (isWeak(info)) option.title = "hardly learned";
  return option;
}

function startHolding(button) {
  const isAll = () => store.get().rack.every(({ hold }) => hold);
  button.addEventListener("click", () => holdAll(!isAll()));
  store.watch(["rack"], ({ rack }) => {
    button.textContent = rack.length > 0 && isAll() ? "Release all" : "Hold all";
  });
}
