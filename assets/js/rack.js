/** The rack: which directions have a slider, and how far each is moved. */

import { notify } from "./notice.js";
import { getJson, isKept, remembered } from "./server.js";
import { readSteer } from "./share.js";
import { modelStatus, store } from "./state.js";

const LIMIT = 4; // σ, at either end of a slider

/** Sliders that one frame may have. */
export const mostSliders = () => store.get().status.limits.sliders;

/** The built-in directions of a model, {directions: [info], methods}; none where it ships without. */
export const directionsOf = remembered((model) => getJson("directions", { model }));

/**
 * The rack that a model shall have in a view of this state: its own where it is there, and else what it starts with, or
 * had when it was left, moved as the present one is; and as a link asks.
 */
export async function rackFor({ model: present, rack, racks }, model, steer = "") {
  const directions = await builtIn(model);
  const first = racks[model] ?? directions.filter(({ featured }) => featured).map(createEntry);
  const known = await stillKnown(model, model === present ? rack : first);
  if (model === present && !steer) return known;
  const wishes = [...rack.filter(({ info }) => info.built_in), ...wishesOf(steer, model, directions)];
  const whole = wishes.reduce((moved, wish) => move(moved, directions, wish), known);
  const most = mostSliders();
  const surplus = whole.length - most;
  if (surplus > 0) notify(`A rack has at most ${most} directions: the last ${surplus} were left out.`, "error");
  return whole.slice(0, most);
}

async function builtIn(model) {
  try {
    return (await directionsOf(model)).directions;
  } catch (error) {
    notify(`The directions could not be fetched: ${error.message}`, "error");
    return [];
  }
}

const createEntry = (info) => Object.freeze({ id: info.id, info, strength: 0, hold: false });

/** Those of a rack that the server still has, and a message about the others. */
async function stillKnown(model, rack) {
  const isKnown = await Promise.all(rack.map(({ id, info }) => info.built_in || isKept("direction", { model, id })));
  const lost = rack.filter((_, index) => !isKnown[index]).map(({ info }) => info.name);
  if (lost.length === 0) return rack;
  notify(`The server no longer has ${lost.join(", ")}: make it anew, or load it again.`, "error");
  return rack.filter((_, index) => isKnown[index]);
}

/** What a link asks for, and a message about what of it cannot be. */
function wishesOf(steer, model, directions) {
  return readSteer(steer).filter(({ text, id, strength }) => {
    const problem = directions.every((info) => info.id !== id)
      ? `${modelStatus(model).title} has no direction “${id ?? text}” built in`
      : Math.abs(strength) > LIMIT && `“${text}” should be from -${LIMIT} to ${LIMIT} σ`;
    if (problem) notify(`A slider of this link was left out: ${problem}.`, "error");
    return !problem;
  });
}

function move(rack, directions, { id, strength, hold }) {
  const info = directions.find((direction) => direction.id === id);
  if (!info) return rack;
  const whole = rack.some((entry) => entry.id === id) ? rack : [...rack, createEntry(info)];
  return whole.map((entry) => (entry.id === id ? { ...entry, strength, hold } : entry));
}

/** Take off a view's rack what the server has forgotten. */
export async function forgetUnknown(view) {
  const { model, rack } = view.get();
  const known = (await stillKnown(model, rack)).map(({ id }) => id);
  const lost = rack.map(({ id }) => id).filter((id) => !known.includes(id));
  if (lost.length > 0) view.set({ rack: view.get().rack.filter(({ id }) => !lost.includes(id)) });
}

/** Give a direction a slider, unless it has one, and bring it into view; false, and a message, where the rack is full. */
export function addDirection(info, { strength = 0 } = {}) {
  const { rack } = store.get();
  if (rack.every(({ id }) => id !== info.id)) {
    if (rack.length >= mostSliders()) {
      notify(`The rack is full with ${rack.length} directions: remove one to add ${info.name}.`, "error");
      return false;
    }
    store.set({ rack: [...rack, createEntry(info)] });
  }
  if (strength !== 0) setStrength(info.id, strength);
  document.querySelector(`.rack [data-direction="${CSS.escape(info.id)}"]`)?.scrollIntoView({ block: "nearest" });
  return true;
}

export function removeDirection(id) {
  store.set({ rack: store.get().rack.filter((entry) => entry.id !== id) });
}

/** Move a slider to a strength in σ, kept within its ends and to two digits: a link writes what was shown. */
export function setStrength(id, strength) {
  change(id, { strength: Math.round(Math.min(LIMIT, Math.max(-LIMIT, strength)) * 100) / 100 });
}

/** While a trait is held, the other directions leave it alone. */
export function setHold(id, hold) {
  change(id, { hold });
}

function change(id, changes) {
  store.set({ rack: store.get().rack.map((entry) => (entry.id === id ? { ...entry, ...changes } : entry)) });
}

export function holdAll(hold) {
  store.set({ rack: store.get().rack.map((entry) => ({ ...entry, hold })) });
}

/** All sliders to 0; what is held stays held. */
export function resetRack() {
  store.set({ rack: store.get().rack.map((entry) => ({ ...entry, strength: 0 })) });
}
