import assert from "node:assert/strict";
import test from "node:test";

import { anyPoint, isOwn, nameOf, pointOf, rowOf, sourceOf } from "../../assets/js/points.js";

globalThis.document = { baseURI: "http://here/sub/" };
const OWN = ["u3f0a", "mine/3f0a"];
const OTHERS = ["0", "17", "samples/12", "under-water/3"];

test("the person's own are told from the points of a data set", () => {
  assert.deepEqual(OWN.map(isOwn), [true, true]);
  assert.deepEqual(OTHERS.map(isOwn), [false, false, false, false]);
});

test("a point of a data set has a row, whether its data set is named or not", () => {
  assert.deepEqual(OTHERS.map(rowOf), [0, 17, 12, 3]);
  assert.deepEqual([...OWN, "", "x", "-1", "1.5", "a/b/3"].map(rowOf), Array(7).fill(NaN));
  assert.equal(rowOf(pointOf(5)), 5);
});

test("any point lies on the map", () => {
  for (let i = 0; i < 50; i += 1) assert.ok(rowOf(anyPoint(3)) < 3);
});

test("a point is called and shown by what is known of it", () => {
  const pictures = [{ id: "u3f0a", original: "data:1" }, { id: "u77", name: "17 at 0.50", original: "data:2" }];
  assert.deepEqual(["17", "u3f0a", "u77"].map((point) => nameOf(point, pictures)), ["portrait 17", "your picture", "17 at 0.50"]);
  assert.equal(sourceOf("u77", pictures), "data:2");
  assert.equal(String(sourceOf("17", pictures)), "http://here/sub/explorer/portrait/17.webp");
});
