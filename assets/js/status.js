/** What the server says of itself and its models: asked for anew as long as somebody waits for a model. */

import { notify } from "./notice.js";
import { pause } from "./pause.js";
import { UnreachableError, getJson, post } from "./server.js";
import { store } from "./state.js";

const POLL_MS = 500; // while a model is being prepared
const RETRY_MS = 2000; // after a failure

let polling = null;
let preparations = 0; // begun so far

/** Ask for the first status until there is one. */
export async function firstStatus() {
  for (;;) {
    try {
      store.set({ status: await getJson("status") });
      return;
    } catch (error) {
      notify(error.message, "error");
      await pause(RETRY_MS);
    }
  }
}

/** Take what the server now says; resolves to whether it said anything. */
export async function refresh() {
  const status = await newest();
  if (status) store.set({ status });
  return status !== null;
}

/** What the server now says, or null: where it is out of reach the live channel tells that, and what else failed is told. */
async function newest() {
  const before = preparations;
  try {
    const status = await getJson("status", asked());
    return before === preparations ? status : await newest(); // this one may not know of the newest yet
  } catch (error) {
    if (!(error instanceof UnreachableError)) notify(error.message, "error");
    return null;
  }
}

/** Resolves when the next status is there. All who wait share its request; after a failure it is asked for again. */
export function nextStatus() {
  polling ??= poll();
  return polling;
}

async function poll() {
  await pause(POLL_MS);
  let status = await newest();
  while (!status) {
    await pause(RETRY_MS);
    status = await newest();
  }
  polling = null; // before anybody hears of it: they may wait for the next one at once
  store.set({ status });
}

/** Have the server load a model, unless it has begun already, and take what it says of it and of a data set in it. */
export async function prepare(name, dataset = null) {
  const entry = await post("prepare", { model: name, dataset });
  preparations += 1;
  const { status } = store.get();
  store.set({ status: { ...status, models: status.models.map((known) => (known.name === name ? entry : known)) } });
}

/** Have the server stop encoding a data set; what is encoded stays. */
export async function stop(name, dataset) {
  await post("stop", { model: name, dataset });
  await refresh();
}

/** The model and data set that are looked at, or waited for. */
function asked() {
  const { model, dataset, pending, pendingDataset } = store.get();
  return pending ? { model: pending, dataset: pendingDataset } : { model, dataset };
}
