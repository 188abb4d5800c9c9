/** After a reload: the person's own points that the server still has, and which of them were A and B in this tab. */

import { recall, remember } from "./memory.js";
import { isOwn } from "./points.js";
import { getJson } from "./server.js";
import { store } from "./state.js";

const KEY = "own";

/**
 * Take in what the server has of the person's own in a model, with the places on the map of a data set; resolves to the
 * slots of this tab that they stood for.
 */
export async function restoreOwn(model, dataset) {
  const slots = readSlots();
  const { own } = await getJson("own", { model, dataset });
  const known = new Set(store.get().pictures.map(({ id }) => id));
  const found = own.filter(({ id }) => !known.has(id)).map((card) => ({ ...card, model, file: fileOf(card) }));
  const placed = new Map(own.map(({ id, dataset: of, coordinates }) => [id, { dataset: of, coordinates }]));
  const before = store.get().pictures.map((picture) => ({ ...picture, ...placed.get(picture.id) }));
  store.set({ pictures: [...found.reverse(), ...before] });
  return slots.model === model ? slots.points : {};
}

/** Remember in this tab, and nowhere else, which of the person's own stand for A and B of `view`. */
export function rememberOwn(view) {
  view.watch(["model", "a", "b"], ({ model, a, b }) => {
    if (model === null) return;
    const points = Object.fromEntries(Object.entries({ a, b }).filter(([, point]) => point !== null && isOwn(point)));
    remember(KEY, Object.keys(points).length > 0 ? JSON.stringify({ model, points }) : null, "sessionStorage");
  });
}

function readSlots() {
  try {
    return JSON.parse(recall(KEY, "sessionStorage")) ?? { points: {} };
  } catch {
    return { points: {} };
  }
}

/** What another model encodes in place of the file that was opened; null for what was made here. */
function fileOf({ psnr, original }) {
  if (psnr === undefined) return null; // made here
  const [head, data] = original.split(",");
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length, head.indexOf(";")) });
}
