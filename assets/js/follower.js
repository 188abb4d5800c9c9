/** Keeps a picture at the newest wish: pipelined requests, the newest wins, the last one is always painted. */

import { FrameError, askFrame } from "./live.js";

const IN_FLIGHT = 3; // hides the round trip behind the decoding; the server lets one of them wait at most

/**
 * Follow the newest morph in one lane. `paint({sequence, bitmap, morph})` gets frames in order, `fail(error)` what
 * went wrong with the newest, and `busy(true or false)` whether a frame is awaited.
 */
export function createFollower({ lane, paint, fail, busy }) {
  let wanted = null; // newest morph that was not asked for yet
  let newest = null; // newest morph of all
  let inFlight = 0;
  let painted = 0;
  let offline = false; // nothing is asked for until `again`
  let whenIdle = [];

  async function ask(morph) {
    inFlight += 1;
    try {
      const frame = await askFrame(lane, morph);
      if (frame.sequence > painted) {
        painted = frame.sequence;
        paint(frame);
      }
      frame.bitmap.close();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (error.kind === "lost") {
        offline = true;
        wanted ??= newest;
      } else if (error.kind !== "dropped" && morph === newest) fail(error);
    } finally {
      inFlight -= 1;
      send();
      settle();
    }
  }

  function send() {
    while (wanted && !offline && inFlight < IN_FLIGHT) {
      const morph = wanted;
      wanted = null;
      ask(morph);
    }
  }

  function settle() {
    busy(inFlight > 0);
    if (inFlight > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  return {
    /** Show this morph as soon as can be. */
    follow(morph) {
      wanted = newest = morph;
      send();
      settle();
    },
    /** Ask once more for the newest wish: after a reconnect, or when a model got ready. */
    again() {
      offline = false;
      wanted ??= newest;
      send();
    },
    /** Resolves when no frame is awaited. */
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
