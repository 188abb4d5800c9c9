/** Whether the big pictures rest: what is less urgent waits until none of them awaits a frame. */

const awaiting = new Set();
let resting = []; // whom to tell

/** Take note of whether `picture`, whatever stands for it, awaits a frame. */
export function setAwaiting(picture, isAwaiting) {
  if (isAwaiting) awaiting.add(picture);
  else awaiting.delete(picture);
  if (awaiting.size > 0) return;
  for (const resolve of resting) resolve();
  resting = [];
}

/** Whether a frame of a big picture is awaited. */
export const isAwaited = () => awaiting.size > 0;

/** Resolves when none is. */
export const atRest = () => (isAwaited() ? new Promise((resolve) => resting.push(resolve)) : Promise.resolve());
