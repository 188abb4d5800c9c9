/**
 * Keeps a picture at the newest wish: from the decoded path where that has it, else by pipelined requests. The newest
 * wins, and the last one is always painted.
 */

import { BUSY_MS, FrameError, askFrame, nextNumber } from "./live.js";
import { notify } from "./notice.js";
import { previewOf } from "./state.js";

// Requests at a time: enough to hide a long way to the server behind the decoding. Of those that wait there it drops all
// but the newest; then it has more to do than this, and with one at a time nothing is asked for in vain. From there on it
// goes up again by MORE an answer.
const [MOST, MORE] = [8, 0.1];

// A wish that another frame stands in for is asked for once that stays: before all that waits for rest. Where a model is
// previewed by another one it takes seconds, in which no other slow model decodes.
const REST_MS = 100;
const PREVIEWED_MS = { own: 250, other: 1500 };

/**
 * Follows the newest morph in one lane of `view`, whose decoded path is `path`. `paint({sequence, bitmap, left, morph,
 * wished, preview})` gets frames in the order of their wishes: `morph` is what the frame shows, `wished` the alpha for
 * which it is shown. `fail(error)` gets what went wrong with the newest, and `busy(true or false)` whether a frame is
 * awaited. `fetchFrame` asks for one, as `askFrame` does.
 */
export class Follower {
  #with; // {view, lane, path, paint, fail, busy, fetchFrame}
  #newest = null; // the newest wish of all, {number, morph, preview}
  #wanted = null; // the same, while it still has to be asked for
  #rest = null; // timer, until it has to be
  #inFlight = 0;
  #room = MOST;
  #painted = 0; // number of the wish that is on screen
  #offline = false; // nothing is asked for until `again`

  constructor({ fetchFrame = askFrame, lane, ...others }) {
    this.#with = { fetchFrame, lane: others.view.lane(lane), ...others };
  }

  /** Show this morph as soon as can be: what is decoded of its path, or a preview, until its own frame is there. */
  follow(morph) {
    const { view, path, busy } = this.#with;
    const wish = (this.#newest = { number: nextNumber(), morph, preview: previewOf(view.get()) !== null });
    clearTimeout(this.#rest);
    this.#wanted = null;
    const frame = path.recall(morph);
    if (frame) {
      this.#show(wish, frame);
      if (frame.preview) this.#laterInFull();
      else if (frame.alpha !== morph.alpha) this.#rest = setTimeout(() => this.#want(wish), REST_MS);
    } else this.#want(wish);
    busy(this.#inFlight > 0);
  }

  /** Ask once more for the newest wish: after a reconnect, or when a model got ready. */
  again() {
    this.#offline = false;
    if (this.#newest) this.follow(this.#newest.morph);
  }

  #show({ number, morph }, { bitmap, preview, left = 0, alpha = morph.alpha }) {
    if (number < this.#painted) return;
    this.#painted = number;
    const shown = { ...morph, alpha };
    this.#with.paint({ sequence: number, bitmap, left, morph: shown, wished: morph.alpha, preview });
  }

  async #ask(wish) {
    const { view, lane, busy, fetchFrame } = this.#with;
    this.#inFlight += 1;
    try {
      const { bitmap, msPerFrame } = await fetchFrame(lane, wish.morph, wish.number, wish.preview);
      view.set({ msPerFrame });
      this.#room = Math.min(MOST, this.#room + MORE);
      this.#show(wish, { bitmap, preview: wish.preview });
      bitmap.close();
      if (wish.preview && wish === this.#newest) this.#laterInFull();
    } catch (error) {
      if (error instanceof FrameError) this.#refused(wish, error);
      else this.#broken(error);
    } finally {
      this.#inFlight -= 1;
      this.#send();
      busy(this.#inFlight > 0);
    }
  }

  #refused(wish, error) {
    if (error.kind === "lost") this.#offline = true;
    else if (error.kind === "dropped") this.#room = 1;
    else if (wish === this.#newest) {
      this.#with.fail(error);
      if (error.kind === "busy") this.#rest = setTimeout(() => this.#want(wish), BUSY_MS);
      else if (wish.preview) this.#laterInFull();
    }
  }

  /** A fault of the page's own: nobody waits for `#ask` who could tell it. */
  #broken(error) {
    console.error(error);
    notify(`The picture cannot be shown: ${error.message}`, "error");
  }

  #send() {
    while (this.#wanted && !this.#offline && this.#inFlight + 1 <= this.#room) {
      const wish = this.#wanted;
      this.#wanted = null;
      this.#ask(wish);
    }
  }

  #want(wish) {
    this.#wanted = wish;
    this.#send();
  }

  #laterInFull() {
    this.#rest = setTimeout(() => {
      this.#newest = { number: nextNumber(), morph: this.#newest.morph, preview: false };
      this.#want(this.#newest);
    }, PREVIEWED_MS[previewOf(this.#with.view.get())?.is_other ? "other" : "own"]);
  }
}
