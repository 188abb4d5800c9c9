/** The live channel: one WebSocket of the page, over which every frame is asked for and answered. */

import { address } from "./server.js";
import { store } from "./state.js";

const HEADER_BYTES = 8; // uint32 sequence number, float32 milliseconds per frame; a JPEG follows
const RETRY_MS = [250, 500, 1000, 2000, 4000];

export const BUSY_MS = 1000; // after which a busy server is asked again

/**
 * Why a frame did not come: "dropped" for a newer one, "lost" with the connection, "not-ready", "unknown-direction",
 * "busy" (worth asking again in a moment) or "error".
 */
export class FrameError extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

let socket = null;
let sequence = 0;
let failures = 0;
let retry = null;
const waiting = new Map(); // sequence number → {resolve, reject}

/** A number for a wish, above all those before. */
export const nextNumber = () => ++sequence;

/**
 * Ask for one frame, or for a preview of it; resolves to its bitmap. The server drops a request that still waits when
 * another of the same lane arrives.
 */
export function askFrame(lane, morph, number = nextNumber(), preview = false) {
  if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new FrameError("lost", "not connected"));
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject });
    socket.send(JSON.stringify({ sequence: number, lane, morph, preview }));
  });
}

/**
 * Open the channel and keep it open; the store's `connection` says how that goes. After a loss it counts as open once
 * `refresh` has asked for the status: what the server said before may not be true of the one that is there now.
 */
export function connect(refresh) {
  clearTimeout(retry);
  const url = address("live");
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = async ({ target }) => {
    failures = 0;
    if (store.get().connection === "lost") await refresh();
    if (target.readyState === WebSocket.OPEN) store.set({ connection: "open" });
  };
  socket.onmessage = ({ data }) => (typeof data === "string" ? refuse(JSON.parse(data)) : deliver(data));
  socket.onclose = () => reconnect(refresh);
}

function reconnect(refresh) {
  for (const { reject } of waiting.values()) reject(new FrameError("lost", "the connection was lost"));
  waiting.clear();
  store.set({ connection: "lost" });
  retry = setTimeout(() => connect(refresh), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
}

async function deliver(data) {
  const view = new DataView(data);
  const request = take(view.getUint32(0, true));
  store.set({ msPerFrame: view.getFloat32(4, true) });
  if (!request) return;
  try {
    request.resolve(await createImageBitmap(new Blob([new Uint8Array(data, HEADER_BYTES)], { type: "image/jpeg" })));
  } catch (error) {
    request.reject(new FrameError("error", `A frame could not be read: ${error.message}`));
  }
}

function refuse({ sequence: number, kind, error }) {
  take(number)?.reject(new FrameError(kind, error));
}

function take(number) {
  const request = waiting.get(number);
  waiting.delete(number);
  return request;
}
