import assert from "node:assert/strict";
import test from "node:test";

import { bisect } from "../../assets/js/ahead.js";
import { sigma, signed } from "../../assets/js/sigma.js";

test("a number has its sign, and none where it is nothing", () => {
  assert.deepEqual([1.25, -1.25, 0, -0.01].map((value) => signed(value)), ["+1.3", "−1.3", "0.0", "0.0"]);
  assert.equal(sigma(-3, 0), "−3 σ");
});

test("a path is decoded from coarse to fine, each frame once", () => {
  assert.deepEqual(bisect(8), [0, 8, 4, 2, 6, 1, 3, 5, 7]);
  assert.deepEqual(bisect(200).toSorted((one, other) => one - other), Array.from({ length: 201 }, (_, step) => step));
  const gaps = (some) => some.toSorted((a, b) => a - b).map((step, i, all) => step - (all[i - 1] ?? 0));
  assert.ok(Math.max(...gaps(bisect(200).slice(0, 33))) <= 7); // 200 / 32, rounded up
});
