/** The path at nine steps, clickable. */

import { createFrames } from "./frames.js";
import { canDecode, morphOf, setAlpha, store, whenDecoding } from "./state.js";

const FRAMES = 9;

/** Fill `row` with nine buttons and keep them up to date. */
export function startFilmstrip(row) {
  const { buttons, refill } = createFrames(row, "film", Array.from({ length: FRAMES }, (_, index) => step(index)));
  whenDecoding(refill);
  store.watch(["model", "a", "b", "method", "rack"], (state, before) => {
    if (canDecode(state) && pathOf(state) !== pathOf(before)) refill();
  });
  store.watch(["alpha"], ({ alpha }) => {
    const nearest = Math.round(alpha * (FRAMES - 1));
    buttons.forEach((button, index) => button.classList.toggle("near", index === nearest));
  });
}

function step(index) {
  const alpha = index / (FRAMES - 1);
  return {
    label: `Go to alpha ${alpha.toFixed(3)}`,
    morph: () => ({ ...morphOf(store.get()), alpha }),
    go() {
      store.set({ playing: false });
      setAlpha(alpha);
    },
  };
}

/** All that the pictures depend on: a slider at 0 that comes to the rack changes none. */
const pathOf = (state) => JSON.stringify({ ...morphOf(state), alpha: null });
