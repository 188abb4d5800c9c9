/** The big picture: follows the store's morph through the live channel. Small pictures wait until it rests. */

import { isSlow } from "./decoded.js";
import { draw } from "./draw.js";
import { createFollower } from "./follower.js";
import { attempt, notify } from "./notice.js";
import { forgetUnknown } from "./rack.js";
import { reload } from "./session.js";
import { sigma } from "./sigma.js";
import { modelStatus, morphOf, store, whenDecoding } from "./state.js";

const PATIENCE_MS = 250; // a frame that takes longer gets a word about what is waited for
const CALM_MS = 300; // since a nearest frame was shown: on the way through a path some frames are exact

let follower = null;

/** Resolves when no frame of the big picture is awaited. */
export async function atRest() {
  await follower?.idle();
}

/** Whether a frame of the big picture is awaited. */
export const isAwaited = () => follower?.isBusy() ?? false;

/** Start painting into `canvas`; `note` says what is waited for. */
export function startCanvas(canvas, note) {
  const isNearest = delayed(say); // what is on screen stands in for another frame of the path
  const isPreview = delayed(say); // it comes from another model
  const isLate = delayed(say);

  function say() {
    const nearest = isNearest.value ? "The nearest decoded picture of the path. " : "";
    const preview = isPreview.value ? "A quick preview by the tiny autoencoder. " : "";
    note.textContent = preview + nearest + (isLate.value ? waitingText() : "");
  }

  function paint(frame) {
    const { sequence, morph, wished, preview } = frame;
    draw(canvas, frame);
    const steer = JSON.stringify(morph.steer);
    Object.assign(canvas.dataset, { sequence, ...morph, steer, wished, preview }); // what is on screen, for whoever needs to know
    canvas.setAttribute("aria-label", describe(morph));
    isPreview.set(preview, 0);
    if (morph.alpha === wished) isNearest.set(false, CALM_MS);
    else isNearest.set(true, isSlow() ? 0 : PATIENCE_MS);
  }

  function busy(waiting) {
    if (waiting) isLate.set(true, PATIENCE_MS);
    else isLate.set(false, 0);
  }

  function fail({ kind, message }) {
    if (kind === "unknown-direction") attempt(forgetUnknown);
    else if (kind === "not-ready") attempt(() => reload(store.get().model)); // its progress says what it waits for
    else notify(message, "error");
  }

  follower = createFollower({ lane: "canvas", paint, busy, fail });
  store.watch(["model", "a", "b", "method", "alpha", "rack"], (state) => {
    if (state.model && state.a !== null && state.b !== null) follower.follow(morphOf(state));
  });
  whenDecoding(follower.again);
}

/** True or false, changed after a while unless it is set to the contrary meanwhile; `changed` is told. */
function delayed(changed) {
  let value = false;
  let timer = null;

  function change(next) {
    timer = null;
    value = next;
    changed();
  }

  return {
    get value() {
      return value;
    },
    set(next, after) {
      if (next === value) {
        clearTimeout(timer);
        timer = null;
      } else if (after === 0) {
        clearTimeout(timer);
        change(next);
      } else timer ??= setTimeout(() => change(next), after);
    },
  };
}

function waitingText() {
  const { model, msPerFrame } = store.get();
  const title = modelStatus(model)?.title ?? "the model";
  const pace = msPerFrame > PATIENCE_MS ? `, about ${(msPerFrame / 1000).toFixed(1)} s a frame on this device` : "";
  return `${title} is decoding${pace} …`;
}

function describe({ a, b, alpha, method, steer }) {
  const moved = steer.filter(({ strength }) => strength !== 0).map(({ direction, strength }) => {
    const name = store.get().rack.find(({ id }) => id === direction)?.info.name ?? direction;
    return `${name} ${sigma(strength)}`;
  });
  const steered = moved.length > 0 ? `, steered by ${moved.join(", ")}` : "";
  return `Picture at alpha ${Number(alpha).toFixed(2)} on the ${method} path from ${a} to ${b}${steered}`;
}
