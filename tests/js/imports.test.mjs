import assert from "node:assert/strict";
import test from "node:test";

import { describe, duration, explain, isImport, refusal, size } from "../../assets/js/import_words.js";
import { bring, cancel, change, follow, imports, nextWhole } from "../../assets/js/imports.js";
import { watchNotices } from "./notices.mjs";

const NONE = { unreadable: 0, unreadable_named: [], doubled: 0, doubled_named: [], passed_over: {}, empty: [], noted: {} };
const entry = (changes) => ({
  name: "one", title: "One", is_mine: true, state: "reading", read: 0, looked: 0, total: 0, rate: 0, seconds_left: null, message: "", findings: NONE, ...changes,
});
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("how far an import is", () => {
  const reading = { read: 1190, looked: 1200, total: 3391, rate: 45.2, seconds_left: 48.4 };
  assert.equal(describe(entry(reading)), "Reading: 1,200 of 3,391 files, 45 a second, about 49 s left");
  assert.equal(describe(entry()), "Reading: 0 pictures");
  assert.equal(describe(entry({ state: "waiting" })), "Waits to be read");
  assert.equal(describe(entry({ state: "stopped", looked: 1, total: 2 })), "Stopped after 1 of 2 files");
  assert.equal(describe(entry({ state: "stopped", read: 1 })), "Stopped after 1 picture"); // after a restart nobody knows more
  assert.equal(describe(entry({ state: "failed", message: "No." })), "No.");
  assert.equal(describe(entry({ state: "failed", message: "No.", read: 3 })), "No. (3 pictures had been read.)");
  assert.equal(describe(entry({ state: "whole", read: 3391 })), "3,391 pictures");
});

test("times and sizes in the unit in which they are said", () => {
  assert.deepEqual([0.2, 59, 60, 600, 3600, 9000].map(duration), ["1 s", "59 s", "1 min", "10 min", "1.0 h", "2.5 h"]);
  assert.deepEqual([10, 2.5e6, 12e6, 5.13e9].map(size), ["0.1 MB", "2.5 MB", "12 MB", "5.1 GB"]);
});

test("what was not taken as it is, counted and named", () => {
  assert.deepEqual(explain(NONE), []);
  const found = { unreadable: 12, unreadable_named: ["a.jpg: no"], doubled: 1, doubled_named: ["b looks as a"], passed_over: { ".DS_Store": 2, link: 1 }, empty: ["x"], noted: { "Turned.": 4 } };
  assert.deepEqual(explain(found), [
    { term: "12 cannot be read", items: ["a.jpg: no", "and 11 more"] },
    { term: "1 looks as an earlier one does (taken all the same)", items: ["b looks as a"] },
    { term: "3 passed over", items: [".DS_Store: 2", "link: 1"] },
    { term: "1 folder without a picture", items: ["x"] },
    { term: "Shown otherwise than in the file", items: ["4 pictures: Turned."] },
  ]);
});

test("a data set is told by the end of its name", () => {
  const names = ["a.zip", "b.ZIP", "c.csv", "d.parquet", "e.png", "zip", "f.zip.png"];
  assert.deepEqual(names.filter((name) => isImport({ name })), ["a.zip", "b.ZIP", "d.parquet"]);
});

test("who cannot encode says who can", () => {
  const model = (name, media, can_encode, listed = true) => ({ name, title: name, media: { name: media }, can_encode, listed });
  const models = [model("sound", "sound", true), model("one", "picture", null), model("two", "picture", false), model("three", "picture", true), model("four", "picture", true, false)];
  assert.equal(refusal({ title: "X" }, models[2], models), "two cannot show “X”: it does not encode pictures. Choose another model in the bar: one, three.");
  assert.equal(refusal({ title: "X" }, models[1], [models[1]]), "one cannot show “X”: it does not encode pictures.");
});

/** A server with these sets, which tells what it was asked. */
function serve(sets) {
  const asked = [];
  globalThis.fetch = async (url, { method = "GET" } = {}) => {
    asked.push(`${method} ${url.pathname}${url.search}`);
    return new Response(JSON.stringify(method === "GET" ? { sets, roots: [], limit_gb: 4, left_gb: 3 } : {}));
  };
  return asked;
}

test("what was gone on with is told when it is whole, once; what is whole already is not", async () => {
  watchNotices();
  const sets = [entry({ name: "old", state: "whole" }), entry({ state: "stopped" })];
  const asked = serve(sets);
  await follow(() => true);
  assert.equal(nextWhole(), undefined);
  sets[1] = entry({ state: "whole" });
  await change("start", { name: "one" });
  assert.deepEqual(asked, ["GET /explorer/imports", "POST /explorer/imports/start?dataset=one", "GET /explorer/imports"]);
  assert.equal(nextWhole().name, "one");
  assert.equal(nextWhole(), undefined);
});

/** An upload as the browser has it, which the test moves. */
class Upload {
  upload = new EventTarget();
  #listeners = {};
  open(...opened) { Upload.newest = Object.assign(this, { opened }); }
  addEventListener(type, listener) { this.#listeners[type] = listener; }
  send(file) { this.sent = file; }
  abort() { this.#listeners.abort(); }
  end(type, answer = {}) { this.#listeners[type](Object.assign(this, answer)); }
}

test("a file is sent with its progress, and cancelled; its end is told", async () => {
  const told = watchNotices();
  globalThis.XMLHttpRequest = Upload;
  serve([]);
  await follow(() => true);
  const file = { name: "a.zip", size: 200 };
  const sent = bring(file, "");
  assert.deepEqual(Upload.newest.opened.map(String), ["POST", "http://here/explorer/imports/send?file=a.zip"]);
  Upload.newest.upload.dispatchEvent(Object.assign(new Event("progress"), { loaded: 50 }));
  assert.deepEqual(imports.get().sending, { name: "a.zip", sent: 50, size: 200 });
  await bring({ name: "b.zip", size: 1 }, "");
  Upload.newest.end("load", { status: 200, responseText: JSON.stringify(entry({ state: "waiting" })) });
  await sent;
  assert.deepEqual([imports.get().sending, imports.get().sets.map(({ name }) => name)], [null, ["one"]]);
  const other = bring(file, "photo");
  assert.match(String(Upload.newest.opened[1]), /image=photo$/);
  cancel();
  await other;
  assert.deepEqual([imports.get().sending, imports.get().sets], [null, []]);
  for (const [type, answer] of [["error"], ["load", { status: 400, responseText: '{"error": "This is no ZIP."}' }]]) {
    const failing = bring(file, "");
    Upload.newest.end(type, answer);
    await failing;
  }
  await bring({ name: "c.zip", size: 5e9 }, "");
  await settled();
  assert.deepEqual(told, [
    "“b.zip” has to wait: “a.zip” is still being sent.",
    "“a.zip” did not arrive: the connection broke off. Send it again.",
    "This is no ZIP.",
    "“c.zip” has 5.0 GB: of 4 GB that one person may bring, 3.0 GB are left.",
  ]);
});
