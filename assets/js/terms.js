/** The sum of the tool “Arithmetic”: points and their weights, and how they come to it from the map. */

import { notify } from "./notice.js";
import { reopen } from "./pictures.js";
import { isOwn, nameOf, rowOf } from "./points.js";
import { modelStatus, store } from "./state.js";

export function addTerm(point) {
  const { terms, status } = store.get();
  if (terms.length === status.limits.terms) notify(`A sum has at most ${terms.length} terms: remove one to add another.`, "error");
  else store.set({ terms: [...terms, { point: String(point), weight: 1 }] });
}

export function removeTerm(index) {
  store.set({ terms: store.get().terms.toSpliced(index, 1) });
}

export function setWeight(index, weight) {
  const { terms } = store.get();
  store.set({ terms: terms.with(index, { ...terms[index], weight }) });
}

/** Let the next click on the map add its point to the sum, or no longer. */
export function askMap(isAsked) {
  const isAsking = store.get().mapTool === "term";
  if (isAsked !== isAsking) store.set({ mapTool: isAsked ? "term" : "pick" });
}

/** Add the point that the map was asked for; its next click sets A or B again. */
export function addFromMap(point) {
  askMap(false);
  addTerm(point);
}

/** The terms in another model: items that it has, too, and pictures encoded anew; messages about the others. */
export async function termsOn(model) {
  const found = new Map();
  for (const { point } of store.get().terms) {
    if (!found.has(point)) found.set(point, await pointOn(model, point));
  }
  const { terms } = store.get(); // as they have become meanwhile
  const moved = terms.map(({ point, weight }) => ({ point: found.has(point) ? found.get(point) : point, weight }));
  return moved.filter(({ point }) => point !== null);
}

async function pointOn(model, point) {
  const { title, points, dataset } = modelStatus(model);
  const { pictures } = store.get();
  const isThere = pictures.some((picture) => picture.id === point && picture.model === model);
  if (isOwn(point) && !isThere) return reopen(point, model); // which says what cannot be encoded
  if (isThere || rowOf(point, dataset) < points) return point;
  notify(`${title} does not have ${nameOf(point, store.get())}: taken out of the sum.`);
  return null;
}
