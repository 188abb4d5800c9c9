/** The page's one store: what is shown now. Panels read it, change it, and subscribe to the keys they draw. */

function createStore(initial) {
  let state = Object.freeze({ ...initial });
  const subscriptions = new Set();

  function set(changes) {
    const before = state;
    const changed = Object.keys(changes).filter((key) => !Object.is(before[key], changes[key]));
    if (changed.length === 0) return;
    state = Object.freeze({ ...before, ...changes });
    for (const { keys, listener } of [...subscriptions]) {
      if (keys.some((key) => changed.includes(key))) listener(state, before);
    }
  }

  /** Call `listener(state, before)` now and whenever one of `keys` changes. */
  function watch(keys, listener) {
    subscriptions.add({ keys, listener });
    listener(state, state);
  }

  return { get: () => state, set, watch };
}

export const STEPS = 200; // of alpha from A to B, on its slider and in play

export const store = createStore({
  model: null, // name of the model that decodes
  a: null, // point ids: a portrait's number, or "u…" for an upload
  b: null,
  method: "slerp",
  alpha: 0.5, // position on the path, in [0, 1]
  rack: [], // sliders of the model's directions, in their order: {id, info, strength (σ), hold}
  split: null, // before beside after: where in [0, 1] the picture is divided, or null
  slot: "a", // which of A and B the next click on the map sets
  mapTool: "pick", // what the map's points are taken for: "pick" sets A and B, "plus" and "minus" add to a group,
  // "term" adds one to the sum
  groups: Object.freeze({ plus: [], minus: [] }), // point ids, as strings, between which a direction is made
  terms: [], // {point, weight} each: the sum of the drawer “Arithmetic”
  decoded: 0, // frames of the path shown that the browser has
  planned: 1, // frames of it that it will have, as far as one can tell yet
  playing: false,
  pending: null, // name of a model that is being prepared and will be switched to
  connection: "connecting", // or "open", "lost"
  // The person's own: {id, model, file, original, reconstruction, psnr, verdict, known, coordinates}; of points made here
  // {id, model, file: null, name, original, coordinates}.
  pictures: [],
  status: null, // what the server last said about itself and its models
  msPerFrame: 0, // the device's time for one frame, from the newest frame
});

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

/** Whether frames can be asked for: the server is there, and the model is loaded. */
export function canDecode(state = store.get()) {
  return state.connection === "open" && modelStatus(state.model, state)?.decodes === true;
}

/** Whether the model has another one that shows its latents sooner, if less well. */
export const previews = (state = store.get()) => modelStatus(state.model, state)?.previews === true;

/** Call `listener` now if frames can be asked for, and each time that they can be again. */
export function whenDecoding(listener) {
  if (canDecode()) listener();
  store.watch(["connection", "status", "model"], (state, before) => {
    if (canDecode(state) && !canDecode(before)) listener();
  });
}

/** Let the next click on the map set A or B. */
export function chooseSlot(slot) {
  store.set({ slot, mapTool: "pick" });
}

/** Put a point into the slot that is active (or the given one). */
export function choosePoint(point, slot = store.get().slot) {
  store.set({ [slot]: String(point) });
}

export function swap() {
  const { a, b, alpha } = store.get();
  store.set({ a: b, b: a, alpha: round3(1 - alpha) });
}

/** Two different random points of the current map. */
export function randomPair() {
  const count = modelStatus(store.get().model)?.points ?? 0;
  if (count < 2) return;
  const a = Math.floor(Math.random() * count);
  const b = (a + 1 + Math.floor(Math.random() * (count - 1))) % count;
  store.set({ a: String(a), b: String(b) });
}

/** Move alpha, kept in [0, 1] and to three digits: what a share link writes is what was shown. */
export function setAlpha(alpha) {
  store.set({ alpha: round3(Math.min(1, Math.max(0, alpha))) });
}

const round3 = (value) => Math.round(value * 1000) / 1000;
