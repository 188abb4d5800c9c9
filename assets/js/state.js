/** What the page shows: a store of what all panels share, and a view of it for each morph. */

import { pointOf } from "./points.js";
import { createStore } from "./store.js";

export const STEPS = 200; // of alpha from A to B, on its slider and in play

const page = createStore({
  mapTool: "pick", // what the map's points are taken for: "pick" sets A and B, "plus" and "minus" add to a group,
  // "term" adds one to the sum
  groups: Object.freeze({ plus: [], minus: [] }), // points between which a direction is made
  terms: [], // {point, weight} each: the sum of the tool “Arithmetic”
  tool: null, // name of the tool below the stage that is open
  isDark: true, // whether the page's colours are the dark ones
  connection: "connecting", // or "open", "lost"
  // The person's own: {id, model, file, original, reconstruction, psnr, verdict, known, dataset, coordinates}; of points
  // made here {id, model, file: null, name, original, dataset, coordinates}: coordinates on the map of that data set.
  pictures: [],
  status: null, // what the server last said about itself and its models
});

let views = 0;

/**
 * What belongs to one morph, and through it all that the page shares. `lane(name)` is the live channel's lane of that
 * name for this view alone: views do not drop each other's frames.
 */
export function createView() {
  const number = ++views;
  const store = createStore(
    {
      model: null, // name of the model that decodes
      dataset: null, // name of the data set whose map is shown
      pending: null, // name of a model that is being prepared and will be switched to
      pendingDataset: null, // the data set that is wished with it, if any is
      a: null, // points, as points.js tells
      b: null,
      slot: "a", // which of A and B the next click on the map sets
      method: "slerp",
      alpha: 0.5, // position on the path, in [0, 1]
      rack: [], // sliders of the model's directions, in their order: {id, info, strength (σ), hold}
      racks: Object.freeze({}), // of the models that were left, by their names
      split: null, // before beside after: where in [0, 1] the picture is divided, or null
      decoded: 0, // frames of the path shown that the browser has
      planned: 1, // frames of it that it will have, as far as one can tell yet
      playing: false,
      msPerFrame: 0, // the device's time for one frame, from the newest frame
    },
    page,
  );
  return { ...store, lane: (name) => (number === 1 ? name : `${name}:${number}`) };
}

/** The view that the map, the rack, the tools, the keys and the page's address follow. */
export const store = createView();

/** The complete description of a frame: what the live channel, the API and a share link all say. */
export function morphOf({ model, a, b, method, alpha, rack }) {
  return { model, a, b, method, alpha, steer: steerOf(rack) };
}

/** All that a morph's path depends on, as text: every frame along it says the same. */
export const pathOf = (morph) => JSON.stringify({ ...morph, alpha: null });

/** The sliders that do something. */
export function steerOf(rack) {
  const active = rack.filter(({ strength, hold }) => strength !== 0 || hold);
  return active.map(({ id, strength, hold }) => ({ direction: id, strength, hold }));
}

/** The state's entry of a model in the newest status, or undefined. */
export function modelStatus(name, state = store.get()) {
  return state.status?.models.find((entry) => entry.name === name);
}

/** The data set that is looked at, as routes want it told. */
export const here = ({ dataset } = store.get()) => ({ dataset });

/** Whether frames can be asked for: the server is there, and the model is loaded. */
export function canDecode(state = store.get()) {
  return state.connection === "open" && modelStatus(state.model, state)?.decodes === true;
}

/** How the model's frames are shown sooner, if less well: {model, is_other, precision}; null where they are not. */
export const previewOf = (state = store.get()) => modelStatus(state.model, state)?.preview ?? null;

/** Call `listener` now if the view's frames can be asked for, and each time that they can be again. */
export function whenDecoding(listener, view = store) {
  if (canDecode(view.get())) listener();
  view.watch(["connection", "status", "model"], (state, before) => {
    if (canDecode(state) && !canDecode(before)) listener();
  });
}

/** Let the next click on the map set A or B. */
export function chooseSlot(slot, view = store) {
  view.set({ slot, mapTool: "pick" });
}

/** Put a point into the slot that is active (or the given one). */
export function choosePoint(point, slot = store.get().slot) {
  store.set({ [slot]: String(point) });
}

export function swap(view) {
  const { a, b, alpha } = view.get();
  view.set({ a: b, b: a, alpha: round3(1 - alpha) });
}

/** Two different random points of the current map. */
export function randomPair(view) {
  const { model } = view.get();
  const { points: count = 0, dataset } = modelStatus(model) ?? {};
  if (count < 2) return;
  const a = Math.floor(Math.random() * count);
  const b = (a + 1 + Math.floor(Math.random() * (count - 1))) % count;
  view.set({ a: pointOf(a, dataset), b: pointOf(b, dataset) });
}

/** Move alpha, kept in [0, 1] and to three digits: what a share link writes is what was shown. */
export function setAlpha(view, alpha) {
  view.set({ alpha: round3(Math.min(1, Math.max(0, alpha))) });
}

const round3 = (value) => Math.round(value * 1000) / 1000;
