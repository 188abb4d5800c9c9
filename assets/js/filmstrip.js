/** The path at nine steps, clickable: the first frames of it that are decoded. */

import { draw } from "./draw.js";
import { createFrame } from "./frames.js";
import { setAlpha } from "./state.js";

const FRAMES = 9;

/** Fill `row` with nine buttons and keep them at the decoded `path` of `view`. */
export function startFilmstrip(row, view, path) {
  const steps = Array.from({ length: FRAMES }, (_, index) => createStep(row, view, index / (FRAMES - 1)));
  view.watch(["decoded"], ({ decoded }) => {
    row.dataset.decoded = decoded;
    row.classList.toggle("stale", !steps.every((step) => fill(step, path)));
  });
  view.watch(["alpha"], ({ alpha }) => {
    const nearest = Math.round(alpha * (FRAMES - 1));
    steps.forEach(({ button }, index) => button.classList.toggle("near", index === nearest));
  });
}

function createStep(row, view, alpha) {
  function go() {
    view.set({ playing: false });
    setAlpha(view, alpha);
  }
  return { alpha, ...createFrame(row, { label: `Go to alpha ${alpha.toFixed(3)}`, go }) };
}

/** Whether the frame is there already. */
function fill({ alpha, canvas }, path) {
  const frame = path.frameAt(alpha);
  if (frame) draw(canvas, frame);
  return frame !== undefined;
}
