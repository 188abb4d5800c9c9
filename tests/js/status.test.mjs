import assert from "node:assert/strict";
import test from "node:test";

import { store } from "../../assets/js/state.js";
import { nextStatus } from "../../assets/js/status.js";
import { watchNotices } from "./notices.mjs";

const told = watchNotices();

test("who waits again as soon as a status is there gets the next one, too", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const states = ["loading", "loading", "ready"];
  let asked = 0;
  globalThis.fetch = async () => new Response(JSON.stringify({ models: [{ name: "toy", state: states[asked++] }] }));
  const seen = [];
  store.watch(["status"], ({ status }) => {
    if (!status) return;
    seen.push(status.models[0].state);
    if (seen.at(-1) === "loading") nextStatus();
  });
  nextStatus();
  for (let round = 0; round < 6; round += 1) {
    context.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(seen, states);
});

test("all who wait at the same time share a request, and a server out of reach is asked again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  globalThis.fetch = async () => {
    asked += 1;
    if (asked === 1) throw new TypeError("down");
    return new Response(JSON.stringify({ models: [{ name: "toy", state: "ready" }] }));
  };
  const both = Promise.all([nextStatus(), nextStatus()]);
  for (let round = 0; round < 4; round += 1) {
    context.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await both;
  assert.equal(asked, 2);
  assert.deepEqual(told, []); // the live channel says that
});

test("what the server says went wrong is told, and it is not asked again at once", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  const answers = [['{"error": "its log says more"}', { status: 500 }], ["<html>"], ['{"models": [{"name": "toy", "state": "ready"}]}']];
  globalThis.fetch = async () => new Response(...answers[asked++]);
  const next = nextStatus();
  const after = [];
  for (let round = 0; round < 6; round += 1) {
    context.mock.timers.tick(1000);
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    after.push(asked);
  }
  await next;
  assert.deepEqual(told, ["its log says more", "The server's answer to status cannot be read."]);
  assert.deepEqual(after.slice(0, 3), [1, 1, 2]);
  context.mock.timers.tick(60_000); // the notices' own
});
