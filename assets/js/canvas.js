/** The big picture: follows the store's morph through the live channel. Small pictures wait until it rests. */

import { createFollower } from "./follower.js";
import { attempt, notify } from "./notice.js";
import { forgetUnknown } from "./rack.js";
import { sigma } from "./sigma.js";
import { modelStatus, morphOf, store, whenDecoding } from "./state.js";

const PATIENCE_MS = 250; // a frame that takes longer gets a word about what is waited for

let follower = null;

/** Resolves when no frame of the big picture is awaited. */
export async function atRest() {
  await follower?.idle();
}

/** Start painting into `canvas`; `note` says what is waited for. */
export function startCanvas(canvas, note) {
  const context = canvas.getContext("2d", { alpha: false });
  let patience = null;

  function paint({ sequence, bitmap, morph }) {
    if (canvas.width !== bitmap.width) canvas.width = canvas.height = bitmap.width;
    context.drawImage(bitmap, 0, 0);
    const steer = JSON.stringify(morph.steer);
    Object.assign(canvas.dataset, { sequence, ...morph, steer }); // what is on screen, for whoever needs to know
    canvas.setAttribute("aria-label", describe(morph));
  }

  function busy(waiting) {
    if (waiting) patience ??= setTimeout(() => (note.textContent = waitingText()), PATIENCE_MS);
    else {
      clearTimeout(patience);
      patience = null;
      note.textContent = "";
    }
  }

  function fail({ kind, message }) {
    if (kind === "unknown-direction") attempt(forgetUnknown);
    else if (kind !== "not-ready") notify(message, "error"); // what a model waits for is said by its progress
  }

  follower = createFollower({ lane: "canvas", paint, busy, fail });
  store.watch(["model", "a", "b", "method", "alpha", "rack"], (state) => {
    if (state.model && state.a !== null && state.b !== null) follower.follow(morphOf(state));
  });
  whenDecoding(follower.again);
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
