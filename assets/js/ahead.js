/** Decodes the path shown before anybody moves along it: coarse at first, then ever finer, while it is looked at. */

import { BUSY_MS } from "./live.js";
import { notify } from "./notice.js";
import { pause } from "./pause.js";
import { isAwaited } from "./rest.js";
import { UnreachableError, postForFrames } from "./server.js";
import { STEPS, canDecode, morphOf, pathOf, previewOf, whenDecoding } from "./state.js";

const SETTLE_MS = 120; // the path may still be changing, such as by a slider of the rack, or alpha in a drag
const POLL_MS = 20; // while a drag goes on
const SLICE_MS = 400; // after an answer that came sooner twice as many frames are asked for, after a later one half

// How fine a path gets: the first stage in any case, and a later one where all its frames take no longer than
// PATIENCE_MS. At the last there is one for every step of the slider. MEMORY holds 129 frames at 512 pixels.
const STAGES = [33, 65, 129, STEPS + 1];
const PATIENCE_MS = 90_000;
const MEMORY = 144e6; // bytes of the browser, 4 a pixel

const SAID_BY_THE_FRAME = [404, 409]; // something of the morph is unknown, or its model is not loaded

const ORDER = bisect(STEPS).map((step) => step / STEPS);

/** Keep in `path` the frames of the path that `view` shows, and of no other. */
export function startAhead(view, path) {
  let wanted = null; // {path}, as `pathOf` names it
  let timer = null;
  let movedAt = 0; // when alpha last changed

  /** Resolves when no drag needs the device; play does not hold up the path that it plays. */
  async function isQuiet() {
    const isMoving = () => isAwaited() || performance.now() - movedAt < SETTLE_MS;
    while (isMoving() && !view.get().playing) await pause(POLL_MS);
  }

  function begin() {
    const morph = morphOf(view.get());
    const mine = (wanted = { path: pathOf(morph) });
    const isWanted = () => mine === wanted && canDecode(view.get());
    path.keepPath(mine.path);
    clearTimeout(timer);
    if (isWanted()) timer = setTimeout(() => decode({ view, path, morph, isWanted, isQuiet }), SETTLE_MS);
  }

  view.watch(["model", "a", "b", "method", "rack"], (state) => {
    if (state.a !== null && pathOf(morphOf(state)) !== wanted?.path) begin();
  });
  view.watch(["alpha"], () => (movedAt = performance.now()));
  view.watch(["status"], (state, before) => {
    if (wanted && previewOf(state)?.is_other && !previewOf(before)) begin(); // by itself it is quick enough
  });
  whenDecoding(() => view.get().a !== null && begin(), view); // the model may be another one after a reconnect
}

async function decode({ view, path, morph, isWanted, isQuiet }) {
  const preview = previewOf(view.get()) !== null;
  const { slice_frames: most } = view.get().status.limits;
  let [have, planned, spent] = [0, STAGES[0], 0]; // frames, frames, milliseconds
  for (let count = 1; have < planned; ) {
    await isSeen();
    await isQuiet();
    if (!isWanted()) return;
    const alphas = ORDER.slice(have, Math.min(have + count, planned));
    const { bitmap, took, msPerFrame } = await fetchSlice({ morph, alphas, preview }, isWanted);
    if (!bitmap) return;
    if (!isWanted()) return bitmap.close();
    count = Math.min(most, Math.max(1, Math.floor(took < SLICE_MS ? count * 2 : count / 2)));
    [have, spent] = [have + alphas.length, spent + took];
    planned = fineness(spent / have, bitmap.height);
    view.set({ planned, msPerFrame });
    path.keepFrames(alphas, bitmap, preview);
  }
}

/**
 * The frames side by side as {bitmap, took, msPerFrame}, in milliseconds; nothing where they are refused, which is said.
 * A server that is busy or out of reach is asked again, ever more seldom.
 */
async function fetchSlice(slice, isWanted) {
  for (let wait = BUSY_MS; isWanted(); wait *= 2) {
    const began = performance.now();
    try {
      const { file, msPerFrame } = await postForFrames("sprite", JSON.stringify(slice));
      const bitmap = await createImageBitmap(file);
      return { bitmap, took: performance.now() - began, msPerFrame };
    } catch (error) {
      if (SAID_BY_THE_FRAME.includes(error.status)) break;
      if (error.status !== 503 && !(error instanceof UnreachableError)) {
        if (isWanted()) notify(`The path cannot be decoded ahead: ${error.message}`, "error");
        break;
      }
      await pause(wait);
    }
  }
  return {};
}

/** Frames that a path shall have, at a mean pace in milliseconds a frame of `size` pixels. */
function fineness(pace, size) {
  const fits = (count) => count * pace <= PATIENCE_MS && count * size ** 2 * 4 <= MEMORY;
  return STAGES.findLast(fits) ?? STAGES[0];
}

/** 0 to `last`, each number as far as can be from those before: the ends, the middle, the quarters, … */
export function bisect(last) {
  const order = [0, last];
  for (let spans = [[0, last]]; spans.length > 0; ) {
    const wide = spans.filter(([from, to]) => to - from > 1).map(([from, to]) => [from, (from + to) >> 1, to]);
    order.push(...wide.map(([, middle]) => middle));
    spans = wide.flatMap(([from, middle, to]) => [[from, middle], [middle, to]]);
  }
  return order;
}

/** Resolves when the page can be seen: nobody looks at a tab in the background. */
function isSeen() {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}
