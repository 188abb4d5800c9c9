/**
 * Keeps a picture at the newest wish: from the decoded path where that has it, else by pipelined requests. The newest
 * wins, and the last one is always painted.
 */

import { recall } from "./decoded.js";
import { BUSY_MS, FrameError, askFrame, nextNumber } from "./live.js";
import { previews } from "./state.js";

// Requests at a time: enough to hide a long way to the server behind the decoding. Of those that wait there it drops all
// but the newest; then it has more to do than this, and with one at a time nothing is asked for in vain. From there on it
// goes up again by MORE an answer.
const [MOST, MORE] = [8, 0.1];

// A wish that another frame stands in for is asked for once that stays: before all that waits for rest. A model that has
// previews takes seconds, in which no other slow model decodes.
const REST_MS = 100;
const PREVIEWED_MS = 1500;

/**
 * Follow the newest morph in one lane. `paint({sequence, bitmap, left, morph, wished, preview})` gets frames in the order
 * of their wishes: `morph` is what the frame shows, `wished` the alpha for which it is shown. `fail(error)` gets what went
 * wrong with the newest, and `busy(true or false)` whether a frame is awaited.
 */
export function createFollower({ lane, paint, fail, busy }) {
  let newest = null; // the newest wish of all, {number, morph, preview}
  let wanted = null; // the same, while it still has to be asked for
  let rest = null; // timer, until it has to be
  let inFlight = 0;
  let room = MOST;
  let painted = 0; // number of the wish that is on screen
  let offline = false; // nothing is asked for until `again`
  let whenIdle = [];

  function show({ number, morph }, { bitmap, preview, left = 0, alpha = morph.alpha }) {
    if (number < painted) return;
    painted = number;
    paint({ sequence: number, bitmap, left, morph: { ...morph, alpha }, wished: morph.alpha, preview });
  }

  async function ask(wish) {
    inFlight += 1;
    try {
      const bitmap = await askFrame(lane, wish.morph, wish.number, wish.preview);
      room = Math.min(MOST, room + MORE);
      show(wish, { bitmap, preview: wish.preview });
      bitmap.close();
      if (wish.preview && wish === newest) laterInFull();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (error.kind === "lost") offline = true;
      else if (error.kind === "dropped") room = 1;
      else if (wish === newest) {
        fail(error);
        if (error.kind === "busy") rest = setTimeout(() => want(wish), BUSY_MS);
        else if (wish.preview) laterInFull();
      }
    } finally {
      inFlight -= 1;
      send();
      settle();
    }
  }

  function send() {
    while (wanted && !offline && inFlight + 1 <= room) {
      const wish = wanted;
      wanted = null;
      ask(wish);
    }
  }

  function settle() {
    busy(inFlight > 0);
    if (inFlight > 0) return;
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }

  function want(wish) {
    wanted = wish;
    send();
  }

  function laterInFull() {
    rest = setTimeout(() => {
      newest = { number: nextNumber(), morph: newest.morph, preview: false };
      want(newest);
    }, PREVIEWED_MS);
  }

  /** Show this morph as soon as can be: what is decoded of its path, or a preview, until its own frame is there. */
  function follow(morph) {
    const wish = (newest = { number: nextNumber(), morph, preview: previews() });
    clearTimeout(rest);
    wanted = null;
    const frame = recall(morph);
    if (frame) {
      show(wish, frame);
      if (frame.preview) laterInFull();
      else if (frame.alpha !== morph.alpha) rest = setTimeout(() => want(wish), REST_MS);
    } else want(wish);
    settle();
  }

  return {
    follow,
    /** Ask once more for the newest wish: after a reconnect, or when a model got ready. */
    again() {
      offline = false;
      if (newest) follow(newest.morph);
    },
    /** Whether a frame is awaited. */
    isBusy: () => inFlight > 0,
    /** Resolves when none is. */
    idle: () => (inFlight === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  };
}
