/** The tool “Arithmetic”: a weighted sum of points, live, and the points of the data that it lands near. */

import { keepPoint, randomItem } from "./made.js";
import { encodePicture } from "./pictures.js";
import { nameOf, sourceOf } from "./points.js";
import { createResult } from "./result.js";
import { ready } from "./session.js";
import { signed } from "./sigma.js";
import { choosePoint, morphOf, store } from "./state.js";
import { addTerm, askMap, removeTerm, setWeight, termsOn } from "./terms.js";
import { startTool } from "./tool.js";

export async function mount(element) {
  await ready;
  const find = (selector) => element.querySelector(selector);
  const show = createResult(find(".operation-result"), {
    path: "arithmetic",
    keep: "keep-arithmetic",
    tell: (answer) => tell(find, answer),
  });
  let model = null; // whose points the terms are; null until the tool is opened

  function compute() {
    const { model: current, terms } = store.get();
    if (model !== current) return; // the terms are on their way there
    find("[data-formula]").textContent = terms.length > 0 ? formula(terms) : "Add a term.";
    show(terms.length > 0 ? { model, terms } : null, formula(terms));
  }

  startTool(find(".tool"), ["model"], async (isNewest) => {
    const { model: current } = store.get();
    if (model === current) return;
    const terms = model === null ? firstTerms() : await termsOn(current);
    if (!isNewest()) return;
    model = current;
    store.set({ terms });
  });
  startAdding(find);
  startTerms(find(".terms"), find("template"));
  store.watch(["terms", "dataset"], compute); // the data that are looked at judge the sum
}

/** A − B + any point. */
function firstTerms() {
  const { a, b } = store.get();
  return [{ point: a, weight: 1 }, { point: b, weight: -1 }, { point: randomItem(), weight: 1 }];
}

/** The ways to a term: A and B, the picture shown, the map, and pictures that are dropped on it. */
function startAdding(find) {
  for (const slot of ["a", "b"]) find(`[data-add=${slot}]`).addEventListener("click", () => addTerm(store.get()[slot]));
  find("[data-add=shown]").addEventListener("click", async () => {
    const { a, b, alpha } = store.get();
    const name = `${called(a)} to ${called(b)} at ${alpha.toFixed(2)}`;
    const id = await keepPoint("keep", morphOf(store.get()), name);
    if (id) addTerm(id);
  });
  find("[data-reset]").addEventListener("click", () => store.set({ terms: firstTerms() }));
  startAsking(find("[data-add=map]"));
  find("[data-drop]").addEventListener("drop", async (event) => {
    const files = [...event.dataTransfer.files];
    if (files.length > 0) event.preventDefault(); // nor does it become A or B
    for (const file of files) {
      const id = await encodePicture(file);
      if (id) addTerm(id);
    }
  });
}

/** Keep `button` at whether the map is asked for a term; Escape and closing the tool take that back. */
function startAsking(button) {
  button.addEventListener("click", () => {
    askMap(button.getAttribute("aria-pressed") === "false");
    if (store.get().mapTool === "term") document.querySelector(".map").scrollIntoView({ block: "nearest" });
  });
  store.watch(["mapTool"], ({ mapTool }) => button.setAttribute("aria-pressed", String(mapTool === "term")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || store.get().mapTool !== "term") return;
    event.preventDefault(); // nor does the tool close
    askMap(false);
  });
  store.watch(["tool"], ({ tool }) => tool === "arithmetic" || askMap(false));
}

/** Keep one row a term; the rows stay as long as the points do, so that a slider can be dragged. */
function startTerms(list, template) {
  store.watch(["terms"], ({ terms }, before) => {
    const rows = [...list.children];
    const isSame = rows.length === terms.length && terms.every(({ point }, index) => point === rows[index].dataset.point);
    if (!isSame) list.replaceChildren(...terms.map(({ point }, index) => createTerm(template, point, index)));
    terms.forEach(({ weight }, index) => showWeight(list.children[index], weight));
    if (terms.length === before.terms.length + 1) list.lastElementChild.scrollIntoView({ block: "nearest" });
  });
}

function createTerm(template, point, index) {
  const entry = template.content.cloneNode(true).firstElementChild;
  const name = called(point);
  const slider = entry.querySelector("input");
  entry.dataset.point = point;
  entry.querySelector("img").src = sourceOf(point, store.get());
  entry.querySelector("[data-name]").textContent = name;
  entry.querySelector("[data-name]").title = name;
  slider.setAttribute("aria-label", `Weight of ${name}`);
  slider.addEventListener("input", () => setWeight(index, slider.valueAsNumber));
  entry.querySelector("[data-remove]").addEventListener("click", () => removeTerm(index));
  return entry;
}

function showWeight(entry, weight) {
  entry.querySelector("input").value = weight;
  entry.querySelector("output").textContent = signed(weight);
}

function tell(find, answer) {
  find("[data-typicality]").textContent = answer?.typicality ?? "";
  find("[data-typicality]").classList.toggle("far", answer?.typical === false);
  find("[data-near]").textContent = answer?.near ?? "";
  find("[data-sum]").textContent = answer?.sum ?? "";
  find(".neighbours").replaceChildren(...(answer?.neighbours ?? []).map(createNeighbour));
}

function createNeighbour({ point, distance, is_term: isTerm }) {
  const button = document.createElement("button");
  const image = Object.assign(document.createElement("img"), { src: sourceOf(point, store.get()), alt: called(point) });
  const textContent = `${distance.toFixed(1)}${isTerm ? " · a term" : ""}`;
  button.append(image, Object.assign(document.createElement("span"), { textContent }));
  button.classList.toggle("term", isTerm);
  button.title = `Use ${called(point)} as A or B, whichever is active`;
  button.dataset.point = point;
  button.addEventListener("click", () => choosePoint(point));
  return button;
}

const called = (point) => nameOf(point, store.get());

/** The sum as it is written: “item 17 − 0.5 × item 23”. */
function formula(terms) {
  return terms
    .map(({ point, weight }, index) => {
      const sign = weight < 0 ? "− " : index > 0 ? "+ " : "";
      return `${sign}${Math.abs(weight) === 1 ? "" : `${Math.abs(weight)} × `}${called(point)}`;
    })
    .join(" ");
}
