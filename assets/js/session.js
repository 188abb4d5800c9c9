/** From the first status to a running page: what is shown at first, and how the model is changed. */

import { connect } from "./live.js";
import { attempt, notify } from "./notice.js";
import { pause } from "./pause.js";
import { reopen } from "./pictures.js";
import { forgetUnknown, rackFor } from "./rack.js";
import { getJson, post } from "./server.js";
import { isUpload, readLink, startSharing } from "./share.js";
import { modelStatus, store } from "./state.js";

const POLL_MS = 500; // while a model is being prepared

let losses = 0; // of the connection

/** Resolves when the first picture can be asked for. Every panel that needs the status awaits it. */
export const ready = start();

async function start() {
  store.set({ status: await firstStatus() });
  await untilDecodes(store.get().status.first.model); // still loading right after the app was started
  connect(refresh);
  await showFirst();
  startSharing();
  let dismiss = () => {};
  store.watch(["connection"], ({ connection }, before) => {
    if (connection === "lost" && before.connection === "open") {
      losses++;
      dismiss = notify("The connection was lost. Trying again …", "error");
    } else if (connection === "open" && before.connection === "lost") {
      dismiss();
      attempt(returned);
    }
  });
}

async function firstStatus() {
  for (;;) {
    try {
      return await getJson("status");
    } catch (error) {
      notify(error.message, "error");
      await pause(2000);
    }
  }
}

/** Poll a model that is being loaded until it decodes, and say what is wrong where it cannot be. */
async function untilDecodes(name) {
  while (!modelStatus(name).decodes) {
    const { title, state, message } = modelStatus(name);
    if (state === "failed") notify(`${title} cannot be used: ${message}`, "error");
    await pause(state === "failed" ? 5000 : POLL_MS);
    await refresh();
  }
}

/** Show what the address asks for, and say what of it cannot be; the rest is the server's default. */
async function showFirst() {
  const { first, methods } = store.get().status;
  const { model = first.model, method, alpha, steer, ...points } = readLink();
  const { steer: _, ...morph } = first;
  if (method !== undefined) {
    if (methods.some(({ name }) => name === method)) morph.method = method;
    else notify(`This link asks for the path “${method}”, which does not exist.`, "error");
  }
  if (alpha !== undefined) {
    if (alpha.trim() !== "" && alpha >= 0 && alpha <= 1) morph.alpha = Number(alpha);
    else notify(`This link's alpha should be a number from 0 to 1, not “${alpha}”.`, "error");
  }
  const isFirst = model === first.model;
  const [known, rack] = await Promise.all([
    isFirst ? knownPoints(model, points) : {},
    rackFor(first.model, isFirst ? steer : ""),
  ]);
  store.set({ ...morph, ...known, rack });
  if (isFirst) follow(model);
  else await chooseModel(model, { ...points, steer });
}

/** Those of the wished A and B that the model has; a message about the others. */
async function knownPoints(model, { a, b }) {
  const known = {};
  for (const [slot, point] of Object.entries({ a, b })) {
    if (point === undefined) continue;
    try {
      await getJson("point", { model, point });
      known[slot] = point;
    } catch (error) {
      const reason = isUpload(point) ? "pictures of one's own live only in the session that opened them" : error.message;
      notify(`${slot.toUpperCase()} of this link cannot be shown: ${reason}`, "error");
    }
  }
  return known;
}

/** Prepare a model, and switch to it as soon as it can decode; the old one goes on until then. */
export async function chooseModel(name, wish = {}) {
  if (name === store.get().model && Object.keys(wish).length === 0) {
    store.set({ pending: null });
    return;
  }
  store.set({ pending: name });
  try {
    update(await post("prepare", { model: name }));
  } catch (error) {
    store.set({ pending: null });
    notify(error.message, "error");
    return;
  }
  follow(name, wish);
}

/** Have a model that is not loaded any more loaded again; pictures are asked for again when it is there. */
export async function reload(name) {
  if (followed.has(name)) return;
  update(await post("prepare", { model: name }));
  await follow(name);
  const { state, title, message } = modelStatus(name);
  if (state === "failed") notify(`${title} cannot be used: ${message}`, "error");
}

const followed = new Set();

/** Poll a model until it is ready or failed, switching to it on the way if it is still the pending one. */
async function follow(name, wish) {
  if (followed.has(name)) return;
  followed.add(name);
  try {
    await untilSettled(name, wish);
  } finally {
    followed.delete(name);
  }
}

async function untilSettled(name, wish) {
  for (;;) {
    const entry = modelStatus(name);
    if (store.get().pending === name && (entry.decodes || entry.state === "failed")) await arrive(entry, wish);
    if (entry.state !== "loading") return;
    await pause(POLL_MS);
    await refresh();
  }
}

async function arrive(entry, wish) {
  if (entry.state === "failed") {
    notify(`${entry.title} cannot be used: ${entry.message}`, "error");
    store.set({ pending: null });
    return;
  }
  const points = { ...(await pointsOn(entry)), ...(await knownPoints(entry.name, wish)) };
  const rack = await rackFor(entry.name, wish.steer);
  if (store.get().pending === entry.name) store.set({ model: entry.name, pending: null, rack, ...points });
}

/** A and B in another model: the same portraits where it has them, uploads encoded again, else the first pair. */
async function pointsOn({ name, title, points }) {
  const { a, b, status } = store.get();
  const found = {};
  for (const [slot, point] of Object.entries({ a, b })) {
    if (isUpload(point)) found[slot] = (await reopen(point, name)) ?? status.first[slot];
    else if (Number(point) < points) found[slot] = point;
    else {
      found[slot] = status.first[slot];
      notify(`${title} has no portrait ${point} on its map: ${slot.toUpperCase()} is portrait ${found[slot]} now.`);
    }
  }
  return found;
}

/**
 * After a reconnect: a restarted server has forgotten uploads and directions, and may have to load the model again.
 * Where the connection breaks once more meanwhile, the next return does it.
 */
async function returned() {
  const lostBefore = losses;
  const { model } = store.get();
  notify("Connected again.");
  update(await post("prepare", { model }));
  await untilDecodes(model);
  if (losses !== lostBefore) return;
  await forgetUnknown();
  const { a, b } = store.get();
  for (const [slot, point] of Object.entries({ a, b })) {
    const isKnown = !isUpload(point) || (await getJson("point", { model, point }).then(() => true, () => false));
    if (!isKnown) store.set({ [slot]: (await reopen(point, model)) ?? store.get().status.first[slot] });
  }
  follow(model);
}

/** Take what the server now says about itself and its models. */
export async function refresh() {
  try {
    store.set({ status: await getJson("status") });
  } catch {
    await pause(POLL_MS); // the live channel says that the connection is lost
  }
}

function update(entry) {
  const { status } = store.get();
  const models = status.models.map((known) => (known.name === entry.name ? entry : known));
  store.set({ status: { ...status, models } });
}
