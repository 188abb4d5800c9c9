/** What changes in a view when a model arrives there: A, B and the rack, as far as the new model has them. */

import { notify } from "./notice.js";
import { restoreOwn } from "./own.js";
import { reopen } from "./pictures.js";
import { isOwn, nameOf, rowOf } from "./points.js";
import { rackFor } from "./rack.js";
import { UnreachableError, getJson } from "./server.js";
import { modelStatus } from "./state.js";

/**
 * What `view` shall change for the model `name`: A, B and the sliders that `wish`, from a link, asks for, and else
 * those of before. Where it is the view's own model, only what the server has forgotten meanwhile changes.
 */
export async function arrive(view, name, { steer, dataset, ...points }) {
  const before = view.get();
  const { name: shown } = modelStatus(name).dataset;
  const own = before.model === name && before.dataset === shown ? {} : await restoreOwn(name, shown);
  const wished = await knownPoints(name, before.model === null ? { ...own, ...points } : points);
  const found = { ...wished, dataset: shown, rack: await rackFor(before, name, steer) };
  for (const slot of ["a", "b"]) found[slot] ??= await pointOn(before, name, slot);
  if (before.model && before.model !== name) found.racks = { ...before.racks, [before.model]: before.rack };
  return Object.fromEntries(Object.entries(found).filter(([key, value]) => value !== before[key]));
}

/** Those of a link's A and B that the model has; a message about the others. */
async function knownPoints(model, points) {
  const known = {};
  for (const [slot, point] of Object.entries(points)) {
    try {
      await getJson("point", { model, point });
      known[slot] = point;
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      const reason = isOwn(point) ? "pictures of one's own live only in the session that opened them" : error.message;
      notify(`${slot.toUpperCase()} of this link cannot be shown: ${reason}`, "error");
    }
  }
  return known;
}

/** A or B in another model: the same point where it has it, pictures encoded again, else the first pair's. */
async function pointOn(state, model, slot) {
  const { [slot]: point } = state;
  const { title, points, dataset } = modelStatus(model);
  const first = dataset.pair[slot === "a" ? 0 : 1];
  if (point === null) return first;
  if (isOwn(point)) return (await reopen(point, model)) ?? first;
  if (rowOf(point, dataset) < points) return point;
  const [missing, taken] = [point, first].map((one) => nameOf(one, state));
  notify(`${title} has no ${missing} on its map: ${slot.toUpperCase()} is ${taken} now.`);
  return first;
}
