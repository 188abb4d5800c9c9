/** Points that were made here, by a traversal, arithmetic or a mix: the server keeps them, and they act like uploads. */

import { attempt, notify } from "./notice.js";
import { anyPoint } from "./points.js";
import { resetRack } from "./rack.js";
import { post } from "./server.js";
import { here, modelStatus, store } from "./state.js";

/** Keep what the route `path` makes of `wish` (which names its model); resolves to the id, or null where it failed. */
export async function keepPoint(path, wish, name) {
  const answer = await attempt(() => post(path, here(), JSON.stringify(wish)));
  if (!answer || store.get().model !== wish.model) return null; // meanwhile another model was chosen
  const { id, original, dataset, coordinates } = answer;
  const made = { id, model: wish.model, file: null, name, original, dataset, coordinates };
  store.set({ pictures: [made, ...store.get().pictures] });
  return id;
}

/** Put a point into a slot and show exactly it: alpha goes to its end, and the sliders to 0. */
export function showPoint(id, slot) {
  if (store.get().rack.some(({ strength }) => strength !== 0)) {
    resetRack();
    notify("The sliders are back at 0 σ, so that the picture is the one you chose.");
  }
  store.set({ [slot]: id, alpha: slot === "a" ? 0 : 1, playing: false });
}

/** Any item of the current map. */
export function randomItem() {
  const { points, dataset } = modelStatus(store.get().model);
  return anyPoint(points, dataset);
}
