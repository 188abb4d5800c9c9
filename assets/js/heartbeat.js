/** Whether the other side is still there: a network can swallow what is sent and close nothing. */

export const BEAT_MS = 1000; // to ask `isAlive` that often
const SILENCE_MS = 5000; // after which a sign of life is asked for
const PATIENCE_MS = 10_000; // in which one must come

/**
 * Returns `isAlive()`, to be asked every BEAT_MS: it calls `ping()` where nothing was heard for a while, and turns false
 * where nothing came upon that, or where the connection is not made in such a time. `isAlive.heard()` takes note that
 * something came. `now()` is the time in milliseconds.
 */
export function createHeartbeat(ping, now = () => performance.now()) {
  let heardAt = -Infinity;
  let pingedAt = now();

  function isAlive() {
    if (heardAt < pingedAt) return now() - pingedAt < PATIENCE_MS;
    if (now() - heardAt >= SILENCE_MS) {
      pingedAt = now();
      ping();
    }
    return true;
  }

  isAlive.heard = () => (heardAt = now());
  return isAlive;
}
