import assert from "node:assert/strict";
import test from "node:test";

import { createStore } from "../../assets/js/store.js";

test("a listener is told at once, and then only of its own keys", () => {
  const store = createStore({ a: 1, b: 2 });
  const told = [];
  store.watch(["a"], (state, before) => told.push([before.a, state.a]));
  store.set({ b: 3 });
  store.set({ a: 1 }); // as it was
  store.set({ a: 5, b: 6 });
  assert.deepEqual(told, [[1, 1], [1, 5]]);
});

test("a state that somebody holds never changes", () => {
  const store = createStore({ a: 1 });
  const held = store.get();
  store.set({ a: 2 });
  assert.equal(held.a, 1);
  assert.throws(() => (store.get().a = 3), TypeError);
});

test("a listener that changes the store does not loop, and others see the newest", () => {
  const store = createStore({ a: 0, twice: 0 });
  const seen = [];
  store.watch(["a"], ({ a }) => store.set({ twice: 2 * a }));
  store.watch(["a", "twice"], ({ a, twice }) => seen.push([a, twice]));
  store.set({ a: 4 });
  assert.deepEqual(seen.at(-1), [4, 8]);
});

test("two stores share their parent's keys and nothing else", () => {
  const parent = createStore({ status: null });
  const [one, other] = [createStore({ alpha: 0 }, parent), createStore({ alpha: 0 }, parent)];
  one.set({ alpha: 0.5 });
  assert.deepEqual([one.get().alpha, other.get().alpha, "alpha" in parent.get()], [0.5, 0, false]);
  one.set({ alpha: 0.7, status: "ready" });
  assert.deepEqual([parent, one, other].map((store) => store.get().status), ["ready", "ready", "ready"]);
  assert.equal(one.get().alpha, 0.7);
});

test("a parent's change is told once to whoever watches it through a child", () => {
  const parent = createStore({ status: null, connection: "open" });
  const child = createStore({ alpha: 0 }, parent);
  const told = [];
  child.watch(["status", "alpha"], (state, before) => told.push([before.status, state.status]));
  parent.set({ status: "loading" });
  parent.set({ connection: "lost" });
  child.set({ status: "ready" });
  assert.deepEqual(told, [[null, null], [null, "loading"], ["loading", "ready"]]);
});
