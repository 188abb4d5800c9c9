/** Rows of small pictures, clickable. Each is asked for by itself, and only while the big picture rests. */

import { draw } from "./draw.js";
import { BUSY_MS, FrameError, askFrame } from "./live.js";
import { attempt } from "./notice.js";
import { pause } from "./pause.js";
import { atRest } from "./rest.js";

const SETTLE_MS = 120; // what the pictures show may still be changing, such as in a drag or by clicking through the map

/**
 * Put a picture into `row` for each step {label, caption, morph(), go()}; `morph` says what it shows, `go` is the
 * click. `refill()` asks for all of them anew, `stop()` for no more.
 */
export function createFrames(row, lane, steps) {
  const frames = steps.map((step) => createFrame(row, step));
  let run = 0;

  async function refill() {
    const mine = ++run;
    row.classList.add("stale");
    await pause(SETTLE_MS);
    for (let filled = 0; filled < frames.length; ) {
      await atRest();
      if (mine !== run) return;
      const outcome = await fill(frames[filled], lane);
      if (outcome === "failed") return; // the big picture asks for the like, and says what is wrong
      if (outcome === "busy") await pause(BUSY_MS);
      else filled += 1;
    }
    row.classList.remove("stale");
  }

  const stop = () => (run += 1);
  return { buttons: frames.map(({ button }) => button), refill: () => attempt(refill), stop };
}

async function fill({ canvas, morph: wish }, lane) {
  try {
    const { bitmap } = await askFrame(lane, wish());
    draw(canvas, { bitmap });
    bitmap.close();
    return "filled";
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return error.kind === "busy" ? "busy" : "failed";
  }
}

/** A clickable picture at the end of `row`; returns its {button, canvas} and what it shall show. */
export function createFrame(row, { label, caption, morph, go }) {
  const button = document.createElement("button");
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 128;
  button.append(canvas);
  if (caption) button.append(Object.assign(document.createElement("span"), { textContent: caption }));
  button.setAttribute("aria-label", label);
  button.addEventListener("click", go);
  row.append(button);
  return { button, canvas, morph };
}
