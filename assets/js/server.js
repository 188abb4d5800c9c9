/** Talking to the app's own routes, relative to the page so that it works behind any proxy's path. */

/** Address of a route, with the parameters that are not null. */
export function address(path, parameters = {}) {
  const url = new URL(`explorer/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}

/** Ask a route; throws an Error whose message is the server's sentence for the person, with its HTTP status. */
async function ask(path, parameters, options) {
  let response;
  try {
    response = await fetch(address(path, parameters), options);
  } catch {
    throw new Error("The server cannot be reached.");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  const sentence = answer.error ?? `The server answered ${response.status} to ${path}.`;
  throw Object.assign(new Error(sentence), { status: response.status });
}

export async function getJson(path, parameters) {
  return (await ask(path, parameters)).json();
}

export async function post(path, parameters, body) {
  return (await ask(path, parameters, { method: "POST", body })).json();
}

/** A picture of frames, and the device's time for one of them as far as it is known, in milliseconds. */
export async function postForFrames(path, body) {
  const response = await ask(path, {}, { method: "POST", body });
  return { file: await response.blob(), msPerFrame: Number(response.headers.get("X-Milliseconds-Per-Frame")) };
}

export async function getFile(path, parameters) {
  return (await ask(path, parameters)).blob();
}

/**
 * A binary payload: uint32 length of a JSON header, the header, padding to 4 bytes, then raw little-endian values.
 * Returns the header with `values` as an array of its `dtype`.
 */
export async function getValues(path, parameters) {
  const buffer = await (await ask(path, parameters)).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = Math.ceil((4 + length) / 4) * 4;
  const Values = { float32: Float32Array, uint8: Uint8Array }[header.dtype];
  return { ...header, values: new Values(buffer, start) };
}

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
