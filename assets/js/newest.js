/** What many changes ask for: done once at a time, and for the newest of them. */

import { attempt } from "./notice.js";

/**
 * Returns `ask(wish)`, which runs `run(wish, isNewest)` as soon as no other run is under way; of wishes that wait, only
 * the newest is kept. `isNewest()` turns false when another wish waits. What a run throws is shown.
 */
export function newestFirst(run) {
  let waiting = null; // {wish}
  let isRunning = false;
  return async function ask(wish) {
    waiting = { wish };
    if (isRunning) return;
    isRunning = true;
    while (waiting) {
      const next = waiting.wish;
      waiting = null;
      await attempt(() => run(next, () => waiting === null));
    }
    isRunning = false;
  };
}
