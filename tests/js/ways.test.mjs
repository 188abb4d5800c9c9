import assert from "node:assert/strict";
import test from "node:test";

import { store } from "../../assets/js/state.js";
import { coordinateOf } from "../../assets/js/ways.js";

test("a coordinate is called by what its axis counts, not by how many axes there are", () => {
  const models = [["vector", ["dim"]], ["layers", ["layer", "dim"]], ["tokens", ["token", "dim"]], ["spatial", ["channel", "row", "column"]]];
  store.set({ status: { models: models.map(([name, axes]) => ({ name, axes })) } });
  assert.deepEqual(models.map(([name]) => coordinateOf(name)), ["dimension", "dimension", "dimension", "channel"]);
});
