/** Brought data sets on the page: one is shown in the model that is on, and one that goes is left for another first. */

import { refusal } from "./import_words.js";
import { change } from "./imports.js";
import { notify } from "./notice.js";
import { chooseModel } from "./session.js";
import { modelStatus, store } from "./state.js";
import { nextStatus, refresh } from "./status.js";

const TRIES = 3; // to hear of a data set

/** Show a data set in the model that is on, where that encodes pictures. */
export async function show({ name, title }) {
  if (!(await learn(name))) return notify(`“${title}” is not there any more.`, "error");
  const { model, pending, status } = store.get();
  const entry = modelStatus(pending ?? model);
  if (entry.decodes && !entry.datasets.includes(name)) return notify(refusal({ title }, entry, status.models), "error");
  return chooseModel(entry.name, { dataset: name });
}

/** Have the page know of a data set; whether it does. A status that was asked for earlier may come last, so more than once. */
async function learn(name) {
  const isKnown = () => Object.values(store.get().status.datasets).some((dataset) => dataset.name === name);
  await refresh();
  for (let tries = 0; tries < TRIES && !isKnown(); tries++) await nextStatus();
  return isKnown();
}

/** Delete a data set; the page shows another before it goes. */
export async function remove(set) {
  const { model, pending, dataset, pendingDataset } = store.get();
  const entry = modelStatus(pending ?? model);
  const other = entry.datasets.find((name) => name !== set.name);
  if ([dataset, pendingDataset].includes(set.name) && other) await chooseModel(entry.name, { dataset: other });
  await change("delete", set);
  await refresh();
}
