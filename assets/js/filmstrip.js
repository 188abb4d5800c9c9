/** The path at nine steps, clickable. Its frames are asked for one by one, and only while the big picture rests. */

import { FrameError, askFrame } from "./live.js";
import { canDecode, morphOf, setAlpha, store, whenDecoding } from "./state.js";

const FRAMES = 9;
const SETTLE_MS = 120; // A or B may still be changing, such as by clicking through the map

/** Fill `strip` with nine buttons and keep them up to date; `follower` paints the big picture. */
export function startFilmstrip(strip, follower) {
  const frames = Array.from({ length: FRAMES }, (_, index) => createFrame(strip, index / (FRAMES - 1)));
  let run = 0;

  async function refill() {
    const mine = ++run;
    strip.classList.add("stale");
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    for (const frame of frames) {
      await follower.idle();
      if (mine !== run || !(await fill(frame))) return;
    }
    strip.classList.remove("stale");
  }

  whenDecoding(refill);
  store.watch(["model", "a", "b", "method"], (state, before) => {
    if (state !== before && canDecode(state)) refill();
  });
  store.watch(["alpha"], ({ alpha }) => {
    const nearest = Math.round(alpha * (FRAMES - 1));
    frames.forEach(({ button }, index) => button.classList.toggle("near", index === nearest));
  });
}

async function fill({ canvas, alpha }) {
  try {
    const { bitmap, morph } = await askFrame("film", { ...morphOf(store.get()), alpha });
    if (canvas.width !== bitmap.width) canvas.width = canvas.height = bitmap.width;
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    Object.assign(canvas.dataset, { a: morph.a, b: morph.b, model: morph.model });
    bitmap.close();
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false; // the big picture asks for the same path, and says what is wrong
    throw error;
  }
}

function createFrame(strip, alpha) {
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  button.append(canvas);
  button.setAttribute("aria-label", `Go to alpha ${alpha.toFixed(3)}`);
  button.addEventListener("click", () => {
    store.set({ playing: false });
    setAlpha(alpha);
  });
  strip.append(button);
  return { button, canvas, alpha };
}
