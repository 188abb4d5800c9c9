/** The dialog that finds a direction: by a method, from a label, from the groups of the map, or by its number. */

import { loadLabel } from "./labels.js";
import { attempt } from "./notice.js";
import { addDirection, directionsOf } from "./rack.js";
import { post } from "./server.js";
import { here, modelStatus, store } from "./state.js";

const GROUPS = "two groups"; // no label has such a name

/** Open `dialog`, which has a form, on a click on `button`; what it finds is put on the rack. */
export function startFind(button, dialog) {
  const form = dialog.querySelector("form");
  const { method, label } = form.elements;
  const ask = form.querySelector("[data-ask]");
  let methods = [];
  let closings = 0; // what is found after one belongs to a dialog that is gone
  const wish = () => methods.find(({ name }) => name === method.value);
  const follow = () => attempt(() => showFields(form, wish()));

  async function open() {
    const { model } = store.get();
    ({ methods } = await directionsOf(model));
    fill(method, methods.map(({ title, name }) => [title, name]));
    fill(label, sources());
    form.elements.component.max = modelStatus(model).latent_shape.reduce((one, other) => one * other);
    complain(form, "");
    await showFields(form, wish());
    if (model === store.get().model) dialog.showModal();
  }

  button.addEventListener("click", () => attempt(open));
  method.addEventListener("change", follow);
  label.addEventListener("change", follow);
  form.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const before = closings;
    find(dialog, form, wish(), () => closings === before);
  });
  dialog.addEventListener("close", () => {
    closings += 1;
    ask.disabled = false;
  });
  store.watch(["model"], () => dialog.close());
}

/** What a direction can be made from: a label, or the map's groups while both have points. */
function sources() {
  const { model, groups } = store.get();
  const { plus, minus } = groups;
  const told = modelStatus(model).dataset.labels.filter(({ is_trait: isTrait }) => isTrait);
  const labels = told.map(({ title, name }) => [title, name]);
  const own = [`the two groups of the map (+ ${plus.length}, − ${minus.length})`, GROUPS];
  return plus.length > 0 && minus.length > 0 ? [...labels, own] : labels;
}

/** Show what the method needs to know, and what it does. */
async function showFields(form, { wants, explanation, source }) {
  const { method, label, value, component } = form.elements;
  const asked = [method.value, label.value];
  const isNumbered = wants === "component" || wants === "first layer";
  form.querySelector("[data-explanation]").textContent = explanation;
  form.querySelector("[data-explanation]").title = source;
  const classes = isNumbered || label.value === GROUPS ? [] : ((await loadLabel(store.get(), label.value)).classes ?? []);
  if (asked[0] !== method.value || asked[1] !== label.value) return; // shown by another call
  fill(value, classes.map((name) => [name.replaceAll("_", " "), name]));
  label.closest("label").hidden = isNumbered;
  value.closest("label").hidden = classes.length === 0;
  component.closest("label").hidden = component.disabled = !isNumbered;
}

/** Ask for the direction; what is wrong with the wish is said in the dialog, which then stays open. */
async function find(dialog, form, method, isWanted) {
  const button = form.querySelector("[data-ask]");
  const { model } = store.get();
  complain(form, "");
  button.disabled = true;
  try {
    const wish = { model, method: method.name, ...sourceOf(form, method) };
    const info = await post("find-direction", here(), JSON.stringify(wish));
    if (!isWanted()) return;
    dialog.close();
    addDirection(info);
  } catch (error) {
    if (isWanted()) complain(form, error.message);
  } finally {
    if (isWanted()) button.disabled = false;
  }
}

/** What the direction is made from, as the server wants it told. */
function sourceOf(form, { title }) {
  const { label, value, component } = form.elements;
  if (!component.disabled) return { component: component.valueAsNumber - 1 }; // people count from 1
  if (label.value === GROUPS) return { ...store.get().groups, name: `two groups (${title})` };
  return { label: label.value, ...(value.value && { value: value.value }) };
}

/** Give a menu these options, and keep what was chosen where it is still there. */
function fill(menu, options) {
  const { value } = menu;
  menu.replaceChildren(...options.map(([text, name]) => new Option(text, name)));
  if (options.some(([, name]) => name === value)) menu.value = value;
}

function complain(form, text) {
  form.querySelector("[role=alert]").textContent = text;
}
