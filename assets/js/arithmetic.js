/** The drawer “Arithmetic”: a weighted sum of points, live, and the real portraits that it lands near. */

import { startDrawer } from "./drawer.js";
import { keepPoint, nameOf, randomPortrait } from "./made.js";
import { notify } from "./notice.js";
import { createResult } from "./result.js";
import { address } from "./server.js";
import { ready } from "./session.js";
import { isUpload } from "./share.js";
import { choosePoint, modelStatus, morphOf, store } from "./state.js";

const MOST = 16; // terms, as the server takes

export async function mount(element) {
  await ready;
  const find = (selector) => element.querySelector(selector);
  const template = find("template");
  const show = createResult(find(".operation-result"), {
    path: "arithmetic",
    keep: "keep-arithmetic",
    tell: (answer) => tell(find, answer),
  });
  let terms = null; // {point, weight} each; null until the drawer is opened
  let model = null; // whose points they are

  function compute() {
    find("[data-formula]").textContent = terms.length > 0 ? formula(terms) : "Add a term.";
    const wish = { model, terms: terms.map((term) => ({ ...term })) }; // as they are now
    show(terms.length > 0 ? wish : null, formula(terms));
  }

  function set(changed) {
    terms = changed;
    const remove = (term) => set(terms.filter((other) => other !== term));
    find(".terms").replaceChildren(...terms.map((term) => createTerm(template, term, compute, remove)));
    compute();
  }

  function add(point) {
    if (terms.length === MOST) notify(`A sum has at most ${MOST} terms: remove one to add another.`, "error");
    else set([...terms, { point, weight: 1 }]);
  }

  function reset() {
    const { a, b } = store.get();
    set([{ point: a, weight: 1 }, { point: b, weight: -1 }, { point: randomPortrait(), weight: 1 }]);
  }

  startDrawer(find("details"), ["model"], () => {
    const isNew = model !== store.get().model;
    model = store.get().model;
    if (terms === null) reset();
    else if (isNew) set(keepKnown(terms, model));
  });
  for (const slot of ["a", "b"]) find(`[data-add=${slot}]`).addEventListener("click", () => add(store.get()[slot]));
  find("[data-add=shown]").addEventListener("click", async () => {
    const { a, b, alpha } = store.get();
    const name = `${nameOf(a)} to ${nameOf(b)} at ${alpha.toFixed(2)}`;
    const id = await keepPoint("keep", morphOf(store.get()), name);
    if (id) add(id);
  });
  find("[data-reset]").addEventListener("click", reset);
}

/** The terms that another model has, too, and a message about the others. */
function keepKnown(terms, model) {
  const { title, points } = modelStatus(model);
  const known = terms.filter(({ point }) => !isUpload(point) && Number(point) < points);
  const lost = terms.filter((term) => !known.includes(term)).map(({ point }) => nameOf(point));
  if (lost.length > 0) notify(`${title} does not have ${lost.join(", ")}: taken out of the sum.`);
  return known;
}

function createTerm(template, term, compute, remove) {
  const entry = template.content.cloneNode(true).firstElementChild;
  const [slider, output] = [entry.querySelector("input"), entry.querySelector("output")];
  const picture = store.get().pictures.find(({ id }) => id === term.point);
  const name = nameOf(term.point);
  entry.querySelector("img").src = picture ? picture.original : address(`portrait/${term.point}.webp`);
  entry.querySelector("[data-name]").textContent = name;
  entry.querySelector("[data-name]").title = name;
  slider.setAttribute("aria-label", `Weight of ${name}`);
  slider.value = term.weight;
  output.textContent = signed(term.weight);
  slider.addEventListener("input", () => {
    term.weight = slider.valueAsNumber;
    output.textContent = signed(term.weight);
    compute();
  });
  entry.querySelector("[data-remove]").addEventListener("click", () => remove(term));
  return entry;
}

function tell(find, answer) {
  find("[data-typicality]").textContent = answer?.typicality ?? "";
  find("[data-typicality]").classList.toggle("far", answer?.typical === false);
  find("[data-near]").textContent = answer?.near ?? "";
  find("[data-sum]").textContent = answer?.sum ?? "";
  find(".neighbours").replaceChildren(...(answer?.neighbours ?? []).map(createNeighbour));
}

function createNeighbour({ point, distance }) {
  const button = document.createElement("button");
  const image = Object.assign(document.createElement("img"), { src: address(`portrait/${point}.webp`), alt: nameOf(point) });
  button.append(image, Object.assign(document.createElement("span"), { textContent: distance.toFixed(1) }));
  button.title = `Use ${nameOf(point)} as A or B, whichever is active`;
  button.dataset.point = point;
  button.addEventListener("click", () => choosePoint(point));
  return button;
}

/** The sum as it is written: “portrait 17 − 0.5 × portrait 23”. */
function formula(terms) {
  return terms
    .map(({ point, weight }, index) => {
      const sign = weight < 0 ? "− " : index > 0 ? "+ " : "";
      return `${sign}${Math.abs(weight) === 1 ? "" : `${Math.abs(weight)} × `}${nameOf(point)}`;
    })
    .join(" ");
}

const signed = (weight) => `${weight < 0 ? "−" : "+"}${Math.abs(weight).toFixed(1)}`;
