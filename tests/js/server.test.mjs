import assert from "node:assert/strict";
import test from "node:test";

import { UnreachableError, getJson, getValues, hangUp, isKept, remembered } from "../../assets/js/server.js";

globalThis.document = { baseURI: "http://here/sub/" };
const answering = (...answer) => (globalThis.fetch = async () => new Response(...answer));

/** As `values_response` in explorer/routes/answers.py writes it. */
function payload(header, values) {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((4 + text.length) / 4) * 4;
  const file = new Uint8Array(start + values.byteLength);
  new DataView(file.buffer).setUint32(0, text.length, true);
  file.set(text, 4);
  file.set(new Uint8Array(values.buffer), start);
  return file;
}

test("values come with their header, whatever its length", async () => {
  for (const name of ["x", "xy", "xyz", "é"]) {
    answering(payload({ name, dtype: "float32" }, Float32Array.of(1.5, -2)));
    const { values, ...header } = await getValues("label");
    assert.deepEqual(header, { name, dtype: "float32" });
    assert.deepEqual([...values], [1.5, -2]);
  }
  answering(payload({ dtype: "uint8" }, Uint8Array.of(3, 255, 0)));
  assert.deepEqual([...(await getValues("label")).values], [3, 255, 0]);
});

test("a refusal is the server's sentence, with its status", async () => {
  answering('{"error": "no such point"}', { status: 404 });
  await assert.rejects(getJson("point"), { message: "no such point", status: 404 });
  assert.equal(await isKept("point"), false);
  answering("<html>", { status: 502 });
  await assert.rejects(getJson("point"), { message: "The server answered 502 to point.", status: 502 });
  assert.equal(await isKept("point"), true); // nobody has said that it is gone
});

test("a server that is not there, or a network that swallows the answer, is told apart", async () => {
  globalThis.fetch = () => Promise.reject(new TypeError("failed"));
  await assert.rejects(getJson("point"), UnreachableError);
  globalThis.fetch = (_, { signal } = {}) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const swallowed = assert.rejects(getJson("point"), UnreachableError);
  hangUp();
  await swallowed;
  globalThis.fetch = async () => new Response(new ReadableStream({ start: (stream) => stream.error(new TypeError("cut")) }));
  await assert.rejects(getJson("point"), UnreachableError); // half an answer is none
  answering("1");
  assert.equal(await getJson("point"), 1); // the next go out again
});

test("an answer that cannot be read is no network that is down", async () => {
  for (const [get, body] of [[getJson, "<html>"], [getValues, "no header"], [getValues, ""]]) {
    answering(body);
    await assert.rejects(get("label"), (error) => {
      assert.ok(!(error instanceof UnreachableError));
      return error.message === "The server's answer to label cannot be read.";
    });
  }
});

test("what was asked is asked once, and again only after it failed", async () => {
  let asked = 0;
  const load = remembered(async (key) => {
    asked += 1;
    if (asked === 1) throw new Error("no");
    return key;
  });
  await assert.rejects(load("a"));
  assert.deepEqual([await load("a"), await load("a"), asked], ["a", "a", 2]);
});
