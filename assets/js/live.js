/** The live channel: one WebSocket of the page, over which every frame is asked for and answered. */

import { BEAT_MS, createHeartbeat } from "./heartbeat.js";
import { address, hangUp } from "./server.js";
import { store } from "./state.js";

const HEADER_BYTES = 8; // uint32 sequence number, float32 milliseconds per frame; a JPEG follows
const [PING, PONG] = ["ping", "pong"];
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
const waiting = new Map(); // sequence number → {resolve, reject}

/** A number for a wish, above all those before. */
export const nextNumber = () => ++sequence;

/**
 * Ask for one frame, or for a preview of it; resolves to {bitmap, msPerFrame}, the device's time for one frame. The
 * server drops a request that still waits when another of the same lane arrives.
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
  const url = address("live");
  url.protocol = url.protocol.replace("http", "ws");
  const opened = (socket = new WebSocket(url));
  const isAlive = createHeartbeat(() => opened.readyState === WebSocket.OPEN && opened.send(PING));
  const beat = setInterval(() => {
    if (isAlive()) return;
    hangUp(); // what else is under way goes the same way
    lose();
  }, BEAT_MS);

  function lose() {
    if (socket !== opened) return; // a network that came back closes what was given up
    clearInterval(beat);
    socket = null;
    opened.close();
    reconnect(refresh);
  }

  opened.binaryType = "arraybuffer";
  opened.onopen = async () => {
    failures = 0;
    isAlive.heard();
    if (store.get().connection === "lost") await refresh();
    if (opened.readyState === WebSocket.OPEN) store.set({ connection: "open" });
  };
  opened.onmessage = ({ data }) => {
    isAlive.heard();
    if (typeof data !== "string") deliver(data);
    else if (data !== PONG) refuse(JSON.parse(data));
  };
  opened.onclose = lose;
}

function reconnect(refresh) {
  for (const { reject } of waiting.values()) reject(new FrameError("lost", "the connection was lost"));
  waiting.clear();
  store.set({ connection: "lost" });
  setTimeout(() => connect(refresh), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
}

async function deliver(data) {
  const view = new DataView(data);
  const request = take(view.getUint32(0, true));
  if (!request) return;
  try {
    const bitmap = await readJpeg(new Uint8Array(data, HEADER_BYTES));
    request.resolve({ bitmap, msPerFrame: view.getFloat32(4, true) });
  } catch (error) {
    request.reject(new FrameError("error", `A frame could not be read: ${error.message}`));
  }
}

/** A blob takes a way through other processes: on a busy machine it is 50 ms longer. Not every browser has another. */
async function readJpeg(bytes) {
  const type = "image/jpeg";
  if (typeof ImageDecoder === "undefined") return createImageBitmap(new Blob([bytes], { type }));
  const decoder = new ImageDecoder({ data: bytes, type });
  const { image } = await decoder.decode();
  const bitmap = await createImageBitmap(image);
  image.close();
  decoder.close();
  return bitmap;
}

function refuse({ sequence: number, kind, error }) {
  take(number)?.reject(new FrameError(kind, error));
}

function take(number) {
  const request = waiting.get(number);
  waiting.delete(number);
  return request;
}
