/** Rows of small pictures, clickable. Each is asked for by itself, and only while the big picture rests. */

import { atRest } from "./canvas.js";
import { FrameError, askFrame } from "./live.js";

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
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    for (const frame of frames) {
      await atRest();
      if (mine !== run || !(await fill(frame, lane))) return;
    }
    row.classList.remove("stale");
  }

  return { buttons: frames.map(({ button }) => button), refill, stop: () => (run += 1) };
}

async function fill({ canvas, morph: wish }, lane) {
  try {
    const { bitmap, morph } = await askFrame(lane, wish());
    if (canvas.width !== bitmap.width) canvas.width = canvas.height = bitmap.width;
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    Object.assign(canvas.dataset, { a: morph.a, b: morph.b, model: morph.model });
    bitmap.close();
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false; // the big picture asks for the like, and says what is wrong
    throw error;
  }
}

function createFrame(row, { label, caption, morph, go }) {
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
