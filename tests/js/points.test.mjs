import assert from "node:assert/strict";
import test from "node:test";

import { anyPoint, datasetOfPoints, isOwn, nameOf, pointOf, rowOf, sourceOf } from "../../assets/js/points.js";

globalThis.document = { baseURI: "http://here/sub/" };
const OWN = ["u3f0a", "mine/3f0a"];
const OTHERS = ["0", "17", "samples/12", "under-water/3"];

test("the person's own are told from the points of a data set", () => {
  assert.deepEqual(OWN.map(isOwn), [true, true]);
  assert.deepEqual(OTHERS.map(isOwn), [false, false, false, false]);
});

test("a point has a row in the data set that its prefix names, and in no other", () => {
  const rows = (points, prefix) => points.map((point) => rowOf(point, { prefix }));
  assert.deepEqual(rows(["0", "17"], ""), [0, 17]);
  assert.deepEqual(rows(["samples/12", "12", "under-water/3"], "samples/"), [12, NaN, NaN]);
  assert.deepEqual(rows([...OWN, "", "x", "-1", "1.5", "a/b/3", "samples/12"], ""), Array(8).fill(NaN));
  for (const prefix of ["", "samples/"]) assert.equal(rowOf(pointOf(5, { prefix }), { prefix }), 5);
});

test("a link's points lead to their data set, unless it is the one that models begin with", () => {
  const names = (prefixes) => Object.fromEntries(prefixes.map((prefix) => [prefix, { name: prefix.slice(0, -1) || "portraits" }]));
  const [plain, folder] = [["", "samples/"], ["pictures/", "", "samples/"]].map(names);
  const led = (datasets, ...ends) => ends.map(([a, b]) => datasetOfPoints({ a, b }, datasets));
  assert.deepEqual(led(plain, ["17", "3"], ["samples/5", "3"], ["17", "samples/5"], ["mine/3f", "samples/5"]), [null, "samples", null, "samples"]);
  assert.deepEqual(led(plain, [], ["mine/3f"], ["<b>", "3"], ["gone/4"]), [null, null, null, null]);
  assert.deepEqual(led(folder, ["17", "3"], ["pictures/5", "3"], [undefined, "17"]), ["portraits", null, "portraits"]);
});

test("any point lies on the map", () => {
  const dataset = { prefix: "samples/" };
  for (let i = 0; i < 50; i += 1) assert.ok(rowOf(anyPoint(3, dataset), dataset) < 3);
});

test("a point is called and shown by what is known of it", () => {
  const pictures = [{ id: "u3f0a", original: "data:1" }, { id: "u77", name: "17 at 0.50", original: "data:2" }];
  const status = { datasets: { "": { name: "portraits", singular: "portrait" } } };
  const view = { pictures, status, model: "toy" };
  assert.deepEqual(["17", "u3f0a", "u77", "gone/4"].map((point) => nameOf(point, view)), ["portrait 17", "your picture", "17 at 0.50", "item 4"]);
  assert.equal(sourceOf("u77", view), "data:2");
  assert.equal(String(sourceOf("17", view)), "http://here/sub/explorer/item/portraits/17.webp?model=toy");
});
