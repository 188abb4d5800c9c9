/** The path from A to B over the map: its points come from the server, the dot follows alpha here. */

import { post } from "./server.js";
import { canDecode, here, modelStatus, morphOf, store } from "./state.js";

const SETTLE_MS = 150; // a slider of the rack may still be moving

/** Keep the path of `overlay` at what is shown, and say in `placing` how it was placed. */
export function startPath(overlay, placing) {
  let wanted = null; // the newest path and whether there is a map for it, as text
  let timer = null;

  async function fetchPath(wish, morph) {
    const failed = ({ message }) => ({ points: [], a: null, b: null, placing: `There is no path here: ${message}`, isMissing: true });
    const path = await post("path", here(), JSON.stringify(morph)).catch(failed);
    if (wish !== wanted) return;
    overlay.setPath(path);
    placing.textContent = path.placing;
    placing.closest("details").hidden = path.placing === "";
    if (path.isMissing) placing.closest("details").open = true; // nobody would look for it
  }

  store.watch(["model", "dataset", "a", "b", "method", "rack", "status", "connection"], (state, before) => {
    const morph = { ...morphOf(state), alpha: 0 };
    const wish = canDecode(state) ? JSON.stringify([morph, modelStatus(state.model, state).has_map, state.dataset]) : null;
    if (wish === wanted || state.a === null || state.b === null) return;
    wanted = wish;
    clearTimeout(timer);
    if (wish) timer = setTimeout(() => fetchPath(wish, morph), state.rack === before.rack ? 0 : SETTLE_MS);
  });
  store.watch(["alpha"], ({ alpha }) => overlay.setAlpha(alpha));
}
