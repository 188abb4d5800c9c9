import assert from "node:assert/strict";
import test from "node:test";

import { isShareable, isWhole, link, readLink, readSteer } from "../../assets/js/share.js";

const slider = (id, strength, { hold = false, built_in = true } = {}) => ({ id, strength, hold, info: { built_in } });
const datasets = { "": { name: "portraits" }, "samples/": { name: "samples" } };
const status = { datasets, models: [{ name: "toy", datasets: ["portraits", "samples"] }] };
const STATE = { status, model: "toy", dataset: "portraits", a: "1", b: "2", method: "slerp", alpha: 0.25, rack: [] };
const BASE = "http://here/sub/?a=9&theme=dark&steer=age:1";

test("a link says what is shown, and leaves the rest of the address alone", () => {
  const rack = [slider("smile", 1.5), slider("yaw", -2, { hold: true }), slider("age", 0)];
  const { pathname, search } = link({ ...STATE, rack }, BASE);
  assert.equal(pathname, "/sub/");
  assert.deepEqual(readLink(search), { model: "toy", a: "1", b: "2", method: "slerp", alpha: "0.25", steer: "smile:1.5,yaw:-2h" });
  assert.match(search, /theme=dark/);
});

test("a link names the data set where its points do not lead to the model's first", () => {
  const said = (changes) => readLink(link({ ...STATE, ...changes }, BASE).search).dataset;
  assert.equal(said({}), undefined);
  assert.equal(said({ dataset: "samples", a: "samples/1", b: "samples/2" }), "samples");
  assert.equal(said({ dataset: "samples" }), "samples", "A and B were kept from the portraits");
  assert.equal(said({ a: "samples/1" }), "portraits", "A would lead to the samples");
  assert.equal(said({ a: "mine/3f" }), undefined);
  const folder = { datasets: { "pictures/": { name: "pictures" }, ...datasets }, models: [{ name: "toy", datasets: ["pictures", "portraits"] }] };
  assert.equal(said({ status: folder, dataset: "portraits" }), "portraits");
  assert.equal(said({ status: folder, dataset: "pictures", a: "pictures/1", b: "2" }), undefined);
});

test("what is the person's own never gets into a link", () => {
  const rack = [slider("d12", 3, { built_in: false })];
  for (const own of ["u3f", "mine/3f"]) {
    const { search } = link({ ...STATE, a: own, rack }, BASE);
    assert.deepEqual(readLink(search), { model: "toy", b: "2", method: "slerp", alpha: "0.25" });
    assert.equal(isShareable({ ...STATE, b: own }), false);
  }
  assert.equal(isShareable(STATE), true);
  assert.deepEqual([isWhole({ rack }), isWhole({ rack: [slider("smile", 1)] })], [false, true]);
});

test("a link's sliders are read one by one, and what cannot be read keeps its text", () => {
  const [smile, coloured, broken] = readSteer("smile:1.5h,hair:dark:-0.25,,what");
  assert.deepEqual(smile, { text: "smile:1.5h", id: "smile", strength: 1.5, hold: true });
  assert.deepEqual([coloured.id, coloured.strength, coloured.hold], ["hair:dark", -0.25, false]);
  assert.deepEqual([broken.id, broken.text], [undefined, "what"]);
});
