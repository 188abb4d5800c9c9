/** Talking to the app's own routes, relative to the page so that it works behind any proxy's path. */

/** Address of a route, with the parameters that are not null. */
export function address(path, parameters = {}) {
  const url = new URL(`explorer/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** The server did not answer: once it does again, asking again is right. */
export class UnreachableError extends Error {
  constructor() {
    super("The server cannot be reached.");
  }
}

let line = new AbortController(); // of all requests under way

/** Give up on all requests under way, whose answers the network has swallowed. */
export function hangUp() {
  line.abort();
  line = new AbortController();
}

/**
 * Ask a route, and `read` its answer; throws an UnreachableError, or an Error whose message is the server's sentence for
 * the person, with its HTTP status. An answer that is there but cannot be read is no reason to ask again.
 */
async function ask(path, parameters, read, options) {
  return readAnswer(path, await reached(fetch(address(path, parameters), { signal: line.signal, ...options })), read);
}

async function readAnswer(path, response, read) {
  if (response.ok) return read(response).catch((error) => {
    throw error instanceof UnreachableError ? error : new Error(`The server's answer to ${path} cannot be read.`);
  });
  const answer = await response.json().catch(() => ({}));
  const sentence = answer.error ?? `The server answered ${response.status} to ${path}.`;
  throw Object.assign(new Error(sentence), { status: response.status });
}

function reached(answer) {
  return answer.catch(() => {
    throw new UnreachableError();
  });
}

const asJson = async (response) => JSON.parse(await reached(response.text()));

const asFile = (response) => reached(response.blob());

export const getJson = (path, parameters) => ask(path, parameters, asJson);

export const post = (path, parameters, body) => ask(path, parameters, asJson, { method: "POST", body });

/**
 * Send a file of any size; `onProgress` is told how many bytes of it are on their way, which only XMLHttpRequest knows. Throws
 * as the others do, and the signal's reason where that gives it up.
 */
export function upload(path, parameters, file, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address(path, parameters));
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => {
      const { status, responseText } = request;
      resolve(readAnswer(path, new Response(responseText, { status }), asJson));
    });
    request.addEventListener("error", () => reject(new UnreachableError()));
    request.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** A picture of frames, and the device's time for one of them as far as it is known, in milliseconds. */
export function postForFrames(path, body) {
  const read = async (response) => {
    const msPerFrame = Number(response.headers.get("X-Milliseconds-Per-Frame"));
    return { file: await asFile(response), msPerFrame };
  };
  return ask(path, {}, read, { method: "POST", body });
}

/** What a route answers to a wish, as a file with its type. */
export const postForFile = (path, body) => ask(path, {}, asFile, { method: "POST", body });

export const getFile = (path, parameters) => ask(path, parameters, asFile);

/**
 * A binary payload: uint32 length of a JSON header, the header, padding to 4 bytes, then raw little-endian values.
 * Returns the header with `values` as an array of its `dtype`.
 */
export const getValues = (path, parameters) => ask(path, parameters, asValues);

async function asValues(response) {
  const buffer = await reached(response.arrayBuffer());
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = Math.ceil((4 + length) / 4) * 4;
  const Values = { float32: Float32Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array }[header.dtype];
  return { ...header, values: new Values(buffer, start) };
}

/** Whether what the server knows by an id is still there; it is also where the server gives no answer to that. */
export const isKept = (path, parameters) => getJson(path, parameters).then(() => true, ({ status }) => status !== 404);

/** `load(key)`, asked once for each key; again only after it failed. */
export function remembered(load) {
  const known = new Map(); // key → promise
  return (key) => {
    if (!known.has(key)) {
      const loading = load(key);
      loading.catch(() => known.delete(key));
      known.set(key, loading);
    }
    return known.get(key);
  };
}
