import assert from "node:assert/strict";
import test from "node:test";

import { Follower } from "../../assets/js/follower.js";
import { FrameError } from "../../assets/js/live.js";
import { createView } from "../../assets/js/state.js";
import { watchNotices } from "./notices.mjs";

/** A follower, and what it asks for: each {lane, alpha, preview, answer(), refuse(kind)}. */
function start(recall = () => undefined, view = createView()) {
  const [asked, shown, failed] = [[], [], []];
  const ask = (lane, { alpha }, number, preview) =>
    new Promise((resolve, reject) => {
      const answer = () => resolve({ bitmap: { alpha, close() {} }, msPerFrame: 7 });
      asked.push({ lane, alpha, preview, answer, refuse: (kind) => reject(new FrameError(kind, kind)) });
    });
  const follower = new Follower({
    view,
    lane: "canvas",
    path: { recall },
    fetchFrame: ask,
    paint: ({ morph, wished }) => shown.push([morph.alpha, wished]),
    fail: ({ kind }) => failed.push(kind),
    busy: (is) => (follower.busy = is),
  });
  return { view, asked, shown, failed, follower };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("frames are shown in the order of their wishes, and a late one never", async () => {
  const { asked, shown, follower, view } = start();
  for (const alpha of [0.1, 0.2, 0.3]) follower.follow({ alpha });
  assert.deepEqual(asked.map(({ alpha }) => alpha), [0.1, 0.2, 0.3]);
  for (const late of [1, 2, 0]) {
    asked[late].answer();
    await settled();
  }
  assert.deepEqual(shown, [[0.2, 0.2], [0.3, 0.3]]);
  assert.equal(follower.busy, false);
  assert.equal(view.get().msPerFrame, 7);
  assert.ok(asked.every(({ lane }) => lane === view.lane("canvas")));
});

test("no more than eight are on their way, and then the newest goes", async () => {
  const { asked, follower } = start();
  for (let i = 0; i < 20; i += 1) follower.follow({ alpha: i / 20 });
  assert.equal(asked.length, 8);
  asked[0].answer();
  await settled();
  assert.equal(asked.at(-1).alpha, 0.95);
});

test("after one was dropped there is one on its way at a time", async () => {
  const { asked, follower } = start();
  for (let i = 0; i < 8; i += 1) follower.follow({ alpha: i / 10 });
  for (const { refuse } of [...asked]) refuse("dropped");
  await settled();
  for (let i = 0; i < 5; i += 1) follower.follow({ alpha: 0.9 + i / 100 });
  assert.equal(asked.length, 9);
});

test("what is lost with the connection is asked for again, the newest only", async () => {
  const { asked, failed, follower } = start();
  for (const alpha of [0.1, 0.2]) follower.follow({ alpha });
  for (const { refuse } of [...asked]) refuse("lost");
  await settled();
  follower.follow({ alpha: 0.3 });
  assert.equal(asked.length, 2); // offline
  follower.again();
  assert.equal(asked.at(-1).alpha, 0.3);
  assert.deepEqual(failed, []);
});

test("what is wrong is told of the newest wish alone", async () => {
  const { asked, failed, follower } = start();
  for (const alpha of [0.1, 0.2]) follower.follow({ alpha });
  asked[0].refuse("error");
  asked[1].refuse("unknown-direction");
  await settled();
  assert.deepEqual(failed, ["unknown-direction"]);
});

test("a decoded frame needs no server, and the nearest is followed by the very one at rest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asked, shown, follower } = start(({ alpha }) => ({ alpha: Math.round(alpha * 2) / 2, bitmap: {} }));
  follower.follow({ alpha: 0.5 });
  follower.follow({ alpha: 0.6 });
  assert.deepEqual(shown, [[0.5, 0.5], [0.5, 0.6]]);
  assert.deepEqual(asked, []);
  t.mock.timers.tick(200);
  assert.deepEqual(asked.map(({ alpha }) => alpha), [0.6]);
});

for (const [by, is_other, soon, late] of [["another model", true, 1000, 2000], ["the model itself", false, 200, 300]]) {
  test(`a preview by ${by} comes first, and the full picture when one stays`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const view = createView();
    view.set({ model: "slow", status: { models: [{ name: "slow", preview: { is_other } }] } });
    const { asked, follower } = start(undefined, view);
    follower.follow({ alpha: 0.5 });
    asked[0].answer();
    await settled();
    t.mock.timers.tick(soon);
    assert.deepEqual(asked.map(({ preview }) => preview), [true]);
    t.mock.timers.tick(late - soon);
    assert.deepEqual(asked.map(({ preview }) => preview), [true, false]);
  });
}

test("two followers paint their own frames, whatever the order of the answers", async () => {
  const [one, other] = [start(), start()];
  one.follower.follow({ alpha: 0.1 });
  other.follower.follow({ alpha: 0.9 });
  other.asked[0].answer();
  one.asked[0].answer();
  await settled();
  assert.deepEqual([one.shown, other.shown], [[[0.1, 0.1]], [[0.9, 0.9]]]);
  assert.notEqual(one.asked[0].lane, other.asked[0].lane);
});

test("a fault of the page's own is told once, and others are painted after it", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(console, "error", () => {});
  const told = watchNotices();
  const { asked, shown, failed, follower, view } = start();
  follower.follow({ alpha: 0.1 });
  const set = context.mock.method(view, "set", () => {
    throw new TypeError("a bug");
  });
  asked[0].answer();
  await settled();
  set.mock.restore();
  follower.follow({ alpha: 0.2 });
  asked[1].answer();
  await settled();
  assert.deepEqual([told, failed, shown], [["The picture cannot be shown: a bug"], [], [[0.2, 0.2]]]);
});
