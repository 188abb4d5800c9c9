import assert from "node:assert/strict";
import test from "node:test";

import { restoreOwn } from "../../assets/js/own.js";
import { store } from "../../assets/js/state.js";

const PLACES = { portraits: [1, 2], samples: [30, 40] };

globalThis.document = { baseURI: "http://here/sub/" };
globalThis.fetch = async (url) => {
  const dataset = url.searchParams.get("dataset");
  const own = [{ id: "mine/1", original: "data:1", dataset, coordinates: PLACES[dataset] }];
  return { ok: true, text: async () => JSON.stringify({ own }) };
};

test("the person's own are taken in once, and placed on the map of the data set that comes", async () => {
  store.set({ pictures: [{ id: "mine/9", model: "other", dataset: "portraits", coordinates: [5, 5] }] });
  for (const [dataset, coordinates] of Object.entries(PLACES)) {
    await restoreOwn("toy", dataset);
    const [mine, other, ...more] = store.get().pictures;
    assert.deepEqual([mine.id, mine.model, mine.dataset, mine.coordinates], ["mine/1", "toy", dataset, coordinates]);
    assert.deepEqual([other.id, other.dataset, other.coordinates], ["mine/9", "portraits", [5, 5]]);
    assert.equal(more.length, 0);
  }
});
