/** The data sets that people brought, as the server tells of them: how far each import is, and what is done about it. */

import { isUnderWay, size } from "./import_words.js";
import { notify } from "./notice.js";
import { pause } from "./pause.js";
import { UnreachableError, getJson, post, upload } from "./server.js";
import { createStore } from "./store.js";

const POLL_MS = 1000; // while something is read

export const imports = createStore({
  sets: null, // as the server tells them, the person's own first and each the newest first; null until it has
  roots: [], // folders of the server that may be read
  limitGb: null, // that one person may bring
  leftGb: null, // of them
  sending: null, // {name, sent, size} of a file on its way, in bytes
});

const begun = new Set(); // names of the imports that this page has begun, and waits for
let changes = 0; // of what the server has, made by this page
let isFollowing = false;
let giveUp = () => {};

/** Take what the server says now. */
async function look() {
  const before = changes;
  const { sets, roots, limit_gb: limitGb, left_gb: leftGb } = await getJson("imports");
  if (before !== changes) return look(); // this one may not know of the newest
  return imports.set({ sets, roots, limitGb, leftGb });
}

/** Keep to what the server says, as long as `isWatched()` and something is under way; a lost connection is waited for. */
export async function follow(isWatched) {
  if (isFollowing) return;
  isFollowing = true;
  while (isWatched() && !(await isSettled())) await pause(POLL_MS);
  isFollowing = false;
}

async function isSettled() {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof UnreachableError)) notify(error.message, "error"); // else the live channel tells
    return false;
  }
  return !imports.get().sets.some(isUnderWay);
}

/** Send a file and have it imported, with its pictures in the column `image` of a table; what goes wrong is said. */
export async function bring(file, image) {
  const obstacle = obstacleTo(file, imports.get());
  if (obstacle) return notify(obstacle, "error");
  const line = new AbortController();
  giveUp = () => line.abort();
  const onProgress = (sent) => imports.set({ sending: { name: file.name, sent, size: file.size } });
  onProgress(0);
  try {
    take(await upload("imports/send", { file: file.name, image: image || null }, file, { onProgress, signal: line.signal }));
  } catch (error) {
    if (!line.signal.aborted) notify(reason(error, file), "error");
    await look().catch(() => {}); // it may have been there already; what is out of reach is asked for later
  }
  return imports.set({ sending: null });
}

/** Why a file is not sent at all; a server may cut off one that is too large before it is heard. */
function obstacleTo({ name, size: bytes }, { sending, limitGb, leftGb }) {
  if (sending) return `“${name}” has to wait: “${sending.name}” is still being sent.`;
  if (bytes === 0) return `“${name}” is empty.`;
  if (leftGb === null || bytes <= leftGb * 1e9) return null;
  return `“${name}” has ${size(bytes)}: of ${limitGb} GB that one person may bring, ${size(leftGb * 1e9)} are left.`;
}

const reason = (error, { name }) =>
  error instanceof UnreachableError ? `“${name}” did not arrive: the connection broke off. Send it again.` : error.message;

/** Send no more of the file that is on its way; nothing of it stays. */
export const cancel = () => giveUp();

/** Import a folder of the server. */
export const bringFolder = async (path) => take(await post("imports/folder", { path }));

function take(entry) {
  changes += 1;
  begun.add(entry.name);
  const before = (imports.get().sets ?? []).filter(({ name }) => name !== entry.name);
  imports.set({ sets: [entry, ...before] });
}

/** "start", "stop", "finish" or "delete" an import. Throws the server's sentence where it cannot be. */
export async function change(what, { name }) {
  await post(`imports/${what}`, { dataset: name });
  changes += 1;
  if (what === "delete") begun.delete(name);
  else if (what !== "stop") begun.add(name);
  await look();
}

/** One that this page has waited for and that is whole now, or undefined; each is returned once. */
export const nextWhole = () => imports.get().sets?.find(({ name, state }) => state === "whole" && begun.delete(name));

/** Wait for none any more: nobody is looking. */
export const waitForNone = () => begun.clear();
