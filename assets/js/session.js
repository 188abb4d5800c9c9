/** From the first status to a running page: what is shown at first, and what is said of the connection. */

import { arrive } from "./arrival.js";
import { connect } from "./live.js";
import { notify } from "./notice.js";
import { pause } from "./pause.js";
import { rememberOwn } from "./own.js";
import { datasetOfPoints } from "./points.js";
import { readLink, startSharing } from "./share.js";
import { modelStatus, store } from "./state.js";
import { firstStatus, nextStatus, prepare, refresh } from "./status.js";
import { createSwitch } from "./switch.js";

const RETRY_MS = 5000; // of a first model that cannot be used

/** Let a view change its model: `choose(name, wish)` of switch.js, with the server behind it. */
export const startSwitch = (view) =>
  createSwitch(view, {
    prepare,
    nextStatus,
    arrive: (name, wish) => arrive(view, name, wish),
    say: ({ message }) => notify(message, "error"),
  });

/** Prepare a model, and show it as soon as it can decode; the old one goes on until then. */
export const chooseModel = startSwitch(store);

/** Resolves when the first picture can be asked for. Every panel that needs the status awaits it. */
export const ready = start();

async function start() {
  await firstStatus();
  connect(refresh);
  startNotices();
  await showFirst(readLink(window.location.search));
  startSharing(store);
  rememberOwn(store);
}

/** Show what the address asks for, and say what of it cannot be; the rest is the server's default. */
async function showFirst({ model, method, alpha, dataset, ...points }) {
  const { first } = store.get().status;
  store.set({ method: first.method, alpha: first.alpha, ...readPlace(method, alpha) });
  const wish = { ...points, dataset: readDataset(dataset, points) };
  const isFirst = model === undefined || model === first.model;
  while (store.get().model === null) {
    await show(first.model, isFirst ? wish : {});
    if (store.get().model === null) await pause(RETRY_MS);
  }
  if (!isFirst) show(model, wish);
}

/** Show a model as a link wishes; with the model's first data set, where it has none such. */
async function show(name, { dataset = null, ...wish }) {
  const before = store.get().model;
  await chooseModel(name, { ...wish, dataset });
  const { model, pending } = store.get();
  const isRefused = dataset !== null && model === before && pending === null && model !== name;
  if (isRefused && modelStatus(name)?.datasets.length > 0) await chooseModel(name, wish);
}

/** The data set that a link leads to, or null for the model's first; and a message about one that does not exist. */
function readDataset(dataset, points) {
  const { datasets } = store.get().status;
  if (dataset === undefined) return datasetOfPoints(points, datasets);
  if (Object.values(datasets).some(({ name }) => name === dataset)) return dataset;
  notify(`This link asks for the data set “${dataset}”, which does not exist.`, "error");
  return null;
}

/** A link's method and alpha, and a message about what of them cannot be. */
function readPlace(method, alpha) {
  const { methods } = store.get().status;
  const place = {};
  if (method !== undefined) {
    if (methods.some(({ name }) => name === method)) place.method = method;
    else notify(`This link asks for the path “${method}”, which does not exist.`, "error");
  }
  if (alpha !== undefined) {
    if (alpha.trim() !== "" && alpha >= 0 && alpha <= 1) place.alpha = Number(alpha);
    else notify(`This link's alpha should be a number from 0 to 1, not “${alpha}”.`, "error");
  }
  return place;
}

function startNotices() {
  let dismiss = () => {};
  store.watch(["connection"], ({ connection }, before) => {
    if (connection === "lost" && before.connection !== "lost") {
      dismiss = notify("The connection was lost. Trying again …", "error");
    } else if (connection === "open" && before.connection === "lost") {
      dismiss();
      notify("Connected again.");
    }
  });
}
