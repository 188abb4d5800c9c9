/** The path from A to B over the map: its points come from the server, the dot follows alpha here. */

import { post } from "./server.js";
import { modelStatus, morphOf, store } from "./state.js";

const SETTLE_MS = 150; // a slider of the rack may still be moving

/** Keep the path of `overlay` at what is shown, and say in `placing` how it was placed. */
export function startPath(overlay, placing) {
  let wanted = null; // the newest morph, wherever on its path, as text
  let timer = null;

  async function fetchPath(wish) {
    const path = await post("path", {}, wish).catch(() => null);
    if (wish !== wanted) return;
    overlay.setPath(path ?? { points: [], a: null, b: null }); // why it failed is said where the frame fails
    placing.textContent = path?.placing ?? "";
  }

  store.watch(["model", "a", "b", "method", "rack", "status"], (state, before) => {
    const wish = JSON.stringify({ ...morphOf(state), alpha: 0 });
    const wasReady = modelStatus(state.model, before)?.state === "ready";
    if ((wish === wanted && wasReady) || state.a === null || state.b === null) return;
    wanted = wish;
    clearTimeout(timer);
    timer = setTimeout(() => fetchPath(wish), state.rack === before.rack ? 0 : SETTLE_MS);
  });
  store.watch(["alpha"], ({ alpha }) => overlay.setAlpha(alpha));
}
