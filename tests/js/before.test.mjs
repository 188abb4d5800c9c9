import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { datasetOfPoints, isOwn } from "../../assets/js/points.js";
import { readLink, readSteer } from "../../assets/js/share.js";

const { links } = JSON.parse(readFileSync(new URL("../before/before.json", import.meta.url)));
const datasets = { "": { name: "portraits" }, "samples/": { name: "samples" } };

test("links of the version before are read as they were meant", () => {
  const { steer, ...shown } = readLink(links.steered);
  assert.deepEqual(shown, { model: "face-vae", a: "17", b: "23", method: "slerp", alpha: "0.25" });
  assert.deepEqual(readLink(links.plain), shown);
  assert.equal(datasetOfPoints(shown, datasets), null);
  const sliders = readSteer(steer).map(({ id, strength, hold }) => [id, strength, hold]);
  assert.deepEqual(sliders, [["smile", 1.5, false], ["yaw", -2, true], ["glasses:round", 0.75, false]]);
});

test("an upload of theirs is known as the person's own, of which the page says that its session is over", () => {
  const { a, b } = readLink(links.upload);
  assert.deepEqual([isOwn(a), isOwn(b)], [true, false]);
  assert.equal(datasetOfPoints({ a, b }, datasets), null);
});
