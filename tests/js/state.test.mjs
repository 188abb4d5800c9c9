import assert from "node:assert/strict";
import test from "node:test";

import { canDecode, createView, morphOf, pathOf, randomPair, setAlpha, store, swap, whenDecoding } from "../../assets/js/state.js";

const toy = (changes) => ({ models: [{ name: "toy", decodes: true, points: 2, dataset: { prefix: "" }, ...changes }] });

test("each view has lanes of its own, and the page's has the plain names", () => {
  const [one, other] = [createView(), createView()];
  assert.equal(store.lane("canvas"), "canvas");
  assert.equal(new Set([store, one, other].map((view) => view.lane("before"))).size, 3);
  assert.match(one.lane("canvas"), /^canvas:[2-9]$/);
});

test("a view asks for frames when the server is there and its own model is loaded", () => {
  const view = createView();
  const told = [];
  whenDecoding(() => told.push(view.get().model), view);
  view.set({ model: "toy", connection: "open", status: toy({ decodes: false }) });
  assert.equal(canDecode(view.get()), false);
  view.set({ status: toy() });
  view.set({ status: toy() }); // again the same
  view.set({ connection: "lost" });
  view.set({ connection: "open" });
  assert.deepEqual(told, ["toy", "toy"]);
});

test("the frames of one path differ in alpha only", () => {
  const morph = { model: "toy", a: "1", b: "2", method: "slerp", alpha: 0.1, rack: [] };
  assert.equal(pathOf(morphOf(morph)), pathOf(morphOf({ ...morph, alpha: 0.9 })));
  assert.notEqual(pathOf(morphOf(morph)), pathOf(morphOf({ ...morph, b: "3" })));
});

test("only sliders that do something are part of a morph", () => {
  const slider = (id, strength, hold) => ({ id, strength, hold, info: {} });
  const rack = [slider("smile", 0, false), slider("age", -1.5, false), slider("yaw", 0, true)];
  assert.deepEqual(morphOf({ rack }).steer, [
    { direction: "age", strength: -1.5, hold: false },
    { direction: "yaw", strength: 0, hold: true },
  ]);
});

test("alpha stays within the path and to three digits, and a swap turns it round", () => {
  const view = createView();
  for (const [asked, shown] of [[-1, 0], [2, 1], [0.12345, 0.123]]) {
    setAlpha(view, asked);
    assert.equal(view.get().alpha, shown);
  }
  view.set({ a: "1", b: "2" });
  swap(view);
  const { a, b, alpha } = view.get();
  assert.deepEqual([a, b, alpha], ["2", "1", 0.877]);
});

test("a random pair is two different points, also of only two", () => {
  const view = createView();
  view.set({ model: "toy", status: toy() });
  for (let i = 0; i < 20; i += 1) {
    randomPair(view);
    assert.deepEqual([view.get().a, view.get().b].toSorted(), ["0", "1"]);
  }
});
