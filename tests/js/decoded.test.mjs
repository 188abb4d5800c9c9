import assert from "node:assert/strict";
import test from "node:test";

import { createDecoded } from "../../assets/js/decoded.js";
import { createView, morphOf, pathOf } from "../../assets/js/state.js";

function start(msPerFrame) {
  const view = createView();
  view.set({ model: "toy", a: "1", b: "2", msPerFrame });
  const path = createDecoded(view);
  const bitmap = { height: 16, closed: 0, close: () => (bitmap.closed += 1) };
  const at = (alpha) => morphOf({ ...view.get(), alpha });
  path.keepPath(pathOf(at(0)));
  return { view, path, bitmap, at };
}

const steps = (count) => Array.from({ length: count }, (_, index) => index / (count - 1));

test("the nearest frame stands in, and says which it is and where it lies in its bitmap", () => {
  const { path, bitmap, at, view } = start(400);
  path.keepFrames(steps(9), bitmap, false);
  assert.equal(view.get().decoded, 9);
  assert.deepEqual(path.recall(at(0.3)), { alpha: 0.25, bitmap, left: 32, preview: false });
  assert.equal(path.frameAt(0.25).left, 32);
  assert.equal(path.frameAt(0.3), undefined);
});

test("a fast model's own frames come in time until its path is nearly whole", () => {
  const { path, bitmap, at } = start(5);
  path.keepFrames(steps(128), bitmap, false);
  assert.equal(path.recall(at(0.5)), undefined);
  path.keepFrames([0.5], bitmap, false);
  assert.equal(path.recall(at(0.5)).alpha, 0.5);
});

test("too few frames of a slow model, or those of another path, are not shown", () => {
  const { path, bitmap, at } = start(400);
  path.keepFrames(steps(8), bitmap, false);
  assert.equal(path.recall(at(0.5)), undefined);
  path.keepFrames([0.5], bitmap, false);
  assert.equal(path.recall({ ...at(0.5), b: "3" }), undefined);
});

test("another path forgets the one before, and gives its pictures back once", () => {
  const { path, bitmap, view, at } = start(400);
  path.keepFrames(steps(9), bitmap, false);
  path.keepPath("another");
  assert.deepEqual([bitmap.closed, view.get().decoded, path.recall(at(0.5))], [1, 0, undefined]);
});
