import assert from "node:assert/strict";
import test from "node:test";

import { createHeartbeat } from "../../assets/js/heartbeat.js";

function start() {
  const clock = { now: 0, pings: 0 };
  const isAlive = createHeartbeat(() => (clock.pings += 1), () => clock.now);
  const beat = (seconds) => {
    clock.now += seconds * 1000;
    return isAlive();
  };
  return { clock, beat, heard: isAlive.heard };
}

test("nothing is asked of a channel that talks", () => {
  const { clock, beat, heard } = start();
  for (let i = 0; i < 30; i += 1) {
    heard();
    assert.equal(beat(1), true);
  }
  assert.equal(clock.pings, 0);
});

test("a silent one is asked once, and lives if it answers", () => {
  const { clock, beat, heard } = start();
  heard();
  for (let i = 0; i < 9; i += 1) assert.equal(beat(1), true);
  assert.equal(clock.pings, 1);
  heard();
  assert.equal(beat(4), true);
  assert.equal(clock.pings, 1);
});

test("one that does not answer is lost after ten seconds", () => {
  const { clock, beat, heard } = start();
  heard();
  assert.equal(beat(5), true);
  assert.equal(beat(9.9), true);
  assert.equal(beat(0.2), false);
  assert.equal(clock.pings, 1);
});

test("one that never opens is lost, too", () => {
  const { beat } = start();
  assert.equal(beat(9), true);
  assert.equal(beat(2), false);
});

test("a page that slept asks first, and does not take its own sleep for silence", () => {
  const { clock, beat, heard } = start();
  heard();
  assert.equal(beat(3600), true);
  assert.equal(clock.pings, 1);
});
