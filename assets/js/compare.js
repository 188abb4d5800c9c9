/** Before beside after: the picture without the sliders lies over the left part of the big one, up to a divider. */

import { draw } from "./draw.js";
import { Follower } from "./follower.js";
import { morphOf, whenDecoding } from "./state.js";

const STEP = 0.02; // of the divider, by an arrow key
const BIG_STEP = 0.1; // with shift
const MIDDLE = 0.5;

/** Let `button` divide the picture of `view` in `figure`; what is added to it is in the `template`. */
export function startCompare({ figure, button, template }, view, path) {
  const [before, divider] = template.content.cloneNode(true).children;
  // What is wrong with the morph is said where the big picture fails.
  const follower = new Follower({
    view,
    lane: "before",
    path,
    paint: (frame) => paint(before, frame),
    busy() {},
    fail() {},
  });
  button.addEventListener("click", () => view.set({ split: view.get().split === null ? MIDDLE : null }));
  startDivider(divider, figure, view);
  view.watch(["split"], ({ split }) => {
    button.setAttribute("aria-pressed", String(split !== null));
    if (split === null) {
      before.remove();
      divider.remove();
      return;
    }
    if (!before.isConnected) figure.append(before, divider);
    figure.style.setProperty("--split", split);
    divider.setAttribute("aria-valuenow", Math.round(split * 100));
  });
  let asked = null;
  view.watch(["split", "model", "a", "b", "method", "alpha"], (state) => {
    if (state.split === null || state.a === null) return;
    const morph = { ...morphOf(state), steer: [] };
    if (JSON.stringify(morph) === asked) return; // the divider moved
    asked = JSON.stringify(morph);
    follower.follow(morph);
  });
  whenDecoding(() => follower.again(), view);
}

function paint(canvas, frame) {
  draw(canvas, frame);
  Object.assign(canvas.dataset, { ...frame.morph, steer: JSON.stringify(frame.morph.steer) });
}

function startDivider(divider, figure, view) {
  const moveTo = (split) => view.set({ split: Math.min(1, Math.max(0, split)) });
  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // no text is marked
    divider.focus();
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener("pointermove", ({ clientX, pointerId }) => {
    if (!divider.hasPointerCapture(pointerId)) return;
    const { left, width } = figure.getBoundingClientRect();
    moveTo((clientX - left) / width);
  });
  divider.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? BIG_STEP : STEP;
    const { split } = view.get();
    const goal = { ArrowLeft: split - step, ArrowRight: split + step, Home: 0, End: 1 }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    moveTo(goal);
  });
}
