/** The bar at the top: model menu, where it runs and how fast, and the help. */

import { startKeys, toggleHelp } from "./keys.js";
import { chooseModel, ready } from "./session.js";
import { modelStatus, store } from "./state.js";
import { startTheme } from "./theme.js";

export async function mount(element) {
  startTheme(element.querySelector("[data-colours]"));
  startKeys(element.querySelector("dialog"));
  element.querySelector("[data-help]").addEventListener("click", toggleHelp);
  element.querySelector("[data-api]").addEventListener("click", () => {
    document.querySelector("footer .show-api").click(); // Gradio's own view; its footer is hidden by our style
  });
  element.querySelector("dialog").addEventListener("click", ({ target, currentTarget }) => {
    if (target === currentTarget) currentTarget.close(); // a click on the backdrop
  });
  await ready;
  startMenu(element.querySelector("[data-model]"));
  startDatasets(element.querySelector("[data-dataset]"));
  const device = element.querySelector("[data-device]");
  const speed = element.querySelector("[data-speed]");
  store.watch(["status", "connection", "model"], ({ status, connection, model }) => {
    const [way, ...refused] = modelStatus(model)?.precision?.split("; ") ?? [];
    device.textContent = connection === "open" ? [status.device, way].filter(Boolean).join(" · ") : "no connection";
    device.title = ["where the model runs, and what it decodes in", ...refused].join("; ");
    device.classList.toggle("lost", connection === "lost");
  });
  store.watch(["msPerFrame"], ({ msPerFrame }) => {
    speed.textContent = msPerFrame > 0 ? `${msPerFrame.toFixed(msPerFrame < 10 ? 1 : 0)} ms/frame` : "";
  });
}

function startMenu(menu) {
  store.watch(["status"], ({ status }) => {
    const listed = status.models.filter(({ listed, name }) => listed || name === store.get().model);
    const key = JSON.stringify(listed.map(({ name, precision }) => [name, precision !== null]));
    if (menu.dataset.listed === key) return; // a menu that is open would close
    menu.dataset.listed = key;
    const loaded = listed.filter(({ precision }) => precision !== null);
    const others = listed.filter(({ precision }) => precision === null);
    menu.replaceChildren(...groupOf("Loaded", loaded), ...groupOf("Loads when chosen", others));
  });
  store.watch(["model", "pending", "status"], ({ model, pending }) => {
    menu.value = pending ?? model;
  });
  menu.addEventListener("change", () => chooseModel(menu.value));
}

/** The data sets that the model can show, where there is more than one. */
function startDatasets(menu) {
  store.watch(["model", "dataset", "status", "pendingDataset"], ({ model, dataset, status, pendingDataset }) => {
    const names = modelStatus(model)?.datasets ?? [];
    const titles = Object.fromEntries(Object.values(status.datasets).map(({ name, title }) => [name, title]));
    const key = JSON.stringify(names.map((name) => [name, titles[name]]));
    menu.closest("label").hidden = names.length < 2;
    if (menu.dataset.listed !== key) {
      menu.dataset.listed = key;
      menu.replaceChildren(...names.map((name) => new Option(titles[name], name)));
    }
    menu.value = pendingDataset ?? dataset;
  });
  menu.addEventListener("change", () => chooseModel(store.get().model, { dataset: menu.value }));
}

/** A titled part of the menu; none without entries. */
function groupOf(label, entries) {
  if (entries.length === 0) return [];
  const group = Object.assign(document.createElement("optgroup"), { label });
  group.append(...entries.map(({ name, title }) => new Option(title, name)));
  return [group];
}
