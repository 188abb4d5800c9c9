/** The big picture: follows its view's morph through the live channel. */

import { isSlow } from "./decoded.js";
import { draw } from "./draw.js";
import { Follower } from "./follower.js";
import { attempt, notify } from "./notice.js";
import { forgetUnknown } from "./rack.js";
import { setAwaiting } from "./rest.js";
import { sigma } from "./sigma.js";
import { canDecode, modelStatus, morphOf, previewOf, whenDecoding } from "./state.js";
import { refresh } from "./status.js";

const PATIENCE_MS = 250; // a frame that takes longer gets a word about what is waited for
const CALM_MS = 300; // since a nearest frame was shown: on the way through a path some frames are exact

/** Start painting `view` into `canvas`; `note` says what is waited for, `path` is what is decoded ahead. */
export function startCanvas(canvas, note, view, path) {
  const tell = createNote(note, view);

  function paint(frame) {
    const { sequence, morph, wished, preview } = frame;
    draw(canvas, frame);
    const steer = JSON.stringify(morph.steer);
    Object.assign(canvas.dataset, { sequence, ...morph, steer, wished, preview }); // what is on screen, for whoever needs to know
    canvas.setAttribute("aria-label", describe(morph, view.get().rack));
    tell.shown(frame);
  }

  function busy(waiting) {
    setAwaiting(view, waiting);
    tell.awaited(waiting);
  }

  /** The model was let go of: the status says so, and has it loaded again, unless somebody else has done that. */
  async function askAgain() {
    if ((await refresh()) && canDecode(view.get())) follower.again();
  }

  function fail({ kind, message }) {
    if (kind === "unknown-direction") attempt(() => forgetUnknown(view));
    else if (kind === "not-ready") askAgain();
    else notify(message, "error");
  }

  const follower = new Follower({ view, lane: "canvas", path, paint, busy, fail });
  view.watch(["model", "a", "b", "method", "alpha", "rack"], (state) => {
    if (state.model && state.a !== null && state.b !== null) follower.follow(morphOf(state));
  });
  whenDecoding(() => follower.again(), view);
}

/** Keeps `element` at what is waited for, and what stands in for it meanwhile. */
function createNote(element, view) {
  const isNearest = delayed(say); // what is on screen stands in for another frame of the path
  const isPreview = delayed(say); // it is not as the model decodes
  const isLate = delayed(say);

  function say() {
    const nearest = isNearest.value ? "The nearest decoded picture of the path. " : "";
    const preview = isPreview.value ? previewText(previewOf(view.get())) : "";
    element.textContent = preview + nearest + (isLate.value ? waitingText(view.get()) : "");
  }

  return {
    shown({ morph, wished, preview }) {
      isPreview.set(preview, 0);
      if (morph.alpha === wished) isNearest.set(false, CALM_MS);
      else isNearest.set(true, isSlow(view.get()) ? 0 : PATIENCE_MS);
    },
    awaited: (isAwaited) => isLate.set(isAwaited, isAwaited ? PATIENCE_MS : 0),
  };
}

function previewText(preview) {
  if (preview?.is_other) return "A quick preview by another model of these latents. ";
  return `A preview${preview ? ` in ${preview.precision}` : ""}, exact at rest. `;
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

function waitingText({ model, msPerFrame }) {
  const title = modelStatus(model)?.title ?? "the model";
  const pace = msPerFrame > PATIENCE_MS ? `, about ${(msPerFrame / 1000).toFixed(1)} s a frame on this device` : "";
  return `${title} is decoding${pace} …`;
}

function describe({ a, b, alpha, method, steer }, rack) {
  const moved = steer.filter(({ strength }) => strength !== 0).map(({ direction, strength }) => {
    const name = rack.find(({ id }) => id === direction)?.info.name ?? direction;
    return `${name} ${sigma(strength)}`;
  });
  const steered = moved.length > 0 ? `, steered by ${moved.join(", ")}` : "";
  return `Picture at alpha ${Number(alpha).toFixed(2)} on the ${method} path from ${a} to ${b}${steered}`;
}
