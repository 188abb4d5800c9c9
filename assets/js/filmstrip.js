/** The path at nine steps, clickable: the first frames of it that are decoded. */

import { frameAt } from "./decoded.js";
import { draw } from "./draw.js";
import { createFrame } from "./frames.js";
import { setAlpha, store } from "./state.js";

const FRAMES = 9;

/** Fill `row` with nine buttons and keep them up to date. */
export function startFilmstrip(row) {
  const steps = Array.from({ length: FRAMES }, (_, index) => createStep(row, index / (FRAMES - 1)));
  store.watch(["decoded"], ({ decoded }) => {
    row.dataset.decoded = decoded;
    row.classList.toggle("stale", !steps.every(fill));
  });
  store.watch(["alpha"], ({ alpha }) => {
    const nearest = Math.round(alpha * (FRAMES - 1));
    steps.forEach(({ button }, index) => button.classList.toggle("near", index === nearest));
  });
}

function createStep(row, alpha) {
  function go() {
    store.set({ playing: false });
    setAlpha(alpha);
  }
  return { alpha, ...createFrame(row, { label: `Go to alpha ${alpha.toFixed(3)}`, go }) };
}

/** Whether the frame is there already. */
function fill({ alpha, canvas }) {
  const frame = frameAt(alpha);
  if (frame) draw(canvas, frame);
  return frame !== undefined;
}
