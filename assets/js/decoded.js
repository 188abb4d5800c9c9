/** The decoded frames of the path shown, kept by alpha: along it, a drag, play and the filmstrip need no server. */

import { pathOf, previewOf } from "./state.js";

const SLOW_MS = 100; // a frame

// Frames of a path from which on they are shown, the nearest for those between. Of a fast model, whose own frames come in
// time, not before all are within a step of the slider: they would overtake those on their way and drop them.
const ENOUGH = { slow: 9, fast: 129 };

/** Whether one can see that a view's frame takes its time. */
export const isSlow = (state) => previewOf(state)?.is_other || state.msPerFrame > SLOW_MS;

/** The decoded path of a view, whose `decoded` counts its frames. */
export function createDecoded(view) {
  let path = null; // as `pathOf` names it
  let frames = []; // {alpha, bitmap, left, preview}

  return {
    /** From now on keep frames of this path; those of the one before are forgotten. */
    keepPath(name) {
      for (const bitmap of new Set(frames.map((frame) => frame.bitmap))) bitmap.close();
      path = name;
      frames = [];
      view.set({ decoded: 0 });
    },
    /** Keep a bitmap that holds the path's frames at these alphas, side by side; previews, if the model has any. */
    keepFrames(alphas, bitmap, preview) {
      const added = alphas.map((alpha, index) => ({ alpha, bitmap, left: index * bitmap.height, preview }));
      frames = [...frames, ...added];
      view.set({ decoded: frames.length });
    },
    /** The kept path's frame at exactly this alpha, or undefined. */
    frameAt: (alpha) => frames.find((frame) => frame.alpha === alpha),
    /** The frame to show for `morph`, the nearest to its alpha; undefined where its own has to be asked for. */
    recall(morph) {
      const enough = ENOUGH[isSlow(view.get()) ? "slow" : "fast"];
      if (frames.length < enough || pathOf(morph) !== path) return undefined;
      const distance = (frame) => Math.abs(frame.alpha - morph.alpha);
      return frames.reduce((nearest, frame) => (distance(frame) < distance(nearest) ? frame : nearest));
    },
  };
}
