/** Plays the path forth and back. */

import { STEPS, setAlpha } from "./state.js";

const SECONDS = 3; // from A to B

/** Start to play whenever the view's `playing` turns true. */
export function startPlayer(view) {
  view.watch(["playing"], ({ playing, alpha }) => {
    if (!playing) return;
    let phase = alpha; // in [0, 2): up to 1 is the way to B, from there the way back
    let last = performance.now();
    const step = (now) => {
      if (!view.get().playing) return;
      phase = (phase + (now - last) / 1000 / SECONDS) % 2;
      last = now;
      const alpha = phase <= 1 ? phase : 2 - phase;
      setAlpha(view, Math.round(alpha * STEPS) / STEPS); // where the decoded path has frames
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
}

export function togglePlay(view) {
  view.set({ playing: !view.get().playing });
}
