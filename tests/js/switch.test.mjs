import assert from "node:assert/strict";
import test from "node:test";

import { UnreachableError } from "../../assets/js/server.js";
import { createView } from "../../assets/js/state.js";
import { createSwitch } from "../../assets/js/switch.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const MODELS = ["first", "one", "other"];
let present = null; // the newest test's server: all views see one page, and those of the tests before must not act on it

/** A view that shows "first", its switch, and a server whose models stand as the test says. */
async function start() {
  const view = createView();
  const server = { states: { first: "ready", one: "absent", other: "absent" }, waiting: [], prepared: [], arrived: [], said: [] };
  present = server;
  view.set({ connection: "connecting" });
  const tell = () => {
    const models = MODELS.map((name) => {
      const state = server.states[name];
      const isKnown = state === "ready" || name === server.loaded; // as long as it is not loaded, nobody knows
      const datasets = isKnown ? ["portraits"] : [];
      return { name, title: name, state, decodes: state === "ready", message: "no weights", dataset: { name: "portraits" }, datasets };
    });
    view.set({ status: { models } });
  };
  const effects = {
    prepare: async (name) => {
      if (server !== present) return new Promise(() => {});
      if (server.unreachable) throw new UnreachableError();
      server.prepared.push(name);
      if (server.refuses === name) throw new Error(`${name} is refused`);
      if (server.states[name] !== "ready") server.states[name] = "loading";
      return tell();
    },
    nextStatus: () => new Promise((resolve) => server.waiting.push(resolve)),
    arrive: async (name, wish) => {
      server.arrived.push(name);
      await server.arriving;
      return { ...wish };
    },
    say: ({ message }) => server.said.push(message),
  };
  tell();
  const choose = createSwitch(view, effects);
  view.set({ connection: "open" });
  await choose("first");

  /** What the server says next. */
  async function says(states) {
    Object.assign(server.states, states);
    tell();
    for (const resolve of server.waiting.splice(0)) resolve();
    await settled();
  }
  const shown = () => [view.get().model, view.get().pending];
  Object.assign(server, { prepared: [], arrived: [] });
  return { view, server, choose, says, shown };
}

test("the old model goes on until the new one decodes", async () => {
  const { choose, says, shown, view } = await start();
  choose("one", { a: "5" });
  await settled();
  assert.deepEqual(shown(), ["first", "one"]);
  await says({ one: "ready" });
  assert.deepEqual([...shown(), view.get().a], ["one", null, "5"]);
});

test("every order of choices ends where the last one points", async () => {
  const orders = [["one", "first"], ["one", "other"], ["one", "other", "one"], ["other", "first", "other"], ["one", "one", "first", "first"]];
  for (const order of orders) {
    for (const ready of [["one", "other"], ["other", "one"]]) {
      const { choose, says, shown, server } = await start();
      for (const name of order) {
        choose(name);
        await settled();
      }
      for (const name of ready) await says({ [name]: "ready" });
      assert.deepEqual(shown(), [order.at(-1), null], `${order} with ${ready} ready`);
      assert.deepEqual(server.said, []);
    }
  }
});

test("a choice in the very moment of an arrival wins over it", async () => {
  const { choose, says, shown, server } = await start();
  let arrive;
  server.arriving = new Promise((resolve) => (arrive = resolve));
  choose("one");
  await settled();
  await says({ one: "ready" });
  choose("first");
  arrive();
  await settled();
  assert.deepEqual(shown(), ["first", null]);
});

test("a preparation that fails is said once and leaves the page as it is", async () => {
  const { choose, says, shown, server } = await start();
  choose("one");
  await settled();
  await says({ one: "failed" });
  await says({});
  assert.deepEqual(shown(), ["first", null]);
  assert.deepEqual(server.said, ["one cannot be used: no weights"]);
  choose("one"); // begins again, whatever was said before
  await settled();
  await says({ one: "ready" });
  assert.deepEqual(shown(), ["one", null]);
});

test("the failure of a model that nobody waits for any more is not said", async () => {
  const { choose, says, shown, server } = await start();
  choose("one");
  await settled();
  choose("other");
  await settled();
  await says({ one: "failed", other: "ready" });
  assert.deepEqual([shown(), server.said], [["other", null], []]);
});

test("nor is what the server refuses when another was chosen meanwhile", async () => {
  const { choose, says, shown, server } = await start();
  server.refuses = "one";
  choose("one");
  choose("other");
  await settled();
  await says({ other: "ready" });
  assert.deepEqual([shown(), server.said], [["other", null], []]);
});

test("what the server refuses to prepare is said", async () => {
  const { choose, shown, server } = await start();
  server.refuses = "nobody";
  await choose("nobody");
  assert.deepEqual([shown(), server.said], [["first", null], ["nobody is refused"]]);
});

test("a connection that drops on the way changes nothing about where it ends", async () => {
  const { view, choose, says, shown, server } = await start();
  server.unreachable = true;
  choose("one", { b: "7" });
  await settled();
  assert.deepEqual(shown(), ["first", "one"]);
  view.set({ connection: "lost" });
  server.unreachable = false;
  await says({ first: "absent" }); // a server that was started anew
  view.set({ connection: "open" });
  await settled();
  await says({ one: "ready" });
  assert.deepEqual([...shown(), view.get().b, server.said.length], ["one", null, "7", 0]);
});

test("a data set that a model does not have is refused as soon as that is known", async () => {
  const { choose, says, shown, server } = await start();
  const chosen = choose("one", { dataset: "samples" });
  await settled();
  assert.deepEqual(shown(), ["first", "one"]);
  await says({ one: "ready" });
  await chosen;
  assert.deepEqual([shown(), server.said], [["first", null], ["one cannot show the data set “samples”: it has portraits."]]);
});

test("a data set that a loaded model does not have is refused in the same words", async () => {
  const { choose, says, server } = await start();
  server.loaded = "one";
  const chosen = choose("one", { dataset: "samples" });
  await says({ one: "failed" }); // the preparation of that data set, not the model
  await chosen;
  assert.deepEqual(server.said, ["one cannot show the data set “samples”: it has portraits."]);
});

test("nothing arrives before the connection is there again", async () => {
  const { view, choose, says, shown, server } = await start();
  choose("one");
  await settled();
  view.set({ connection: "lost" });
  await says({ one: "ready" }); // the status can be asked for sooner than the channel is open
  assert.deepEqual(server.arrived, []);
  view.set({ connection: "open" });
  await settled();
  assert.deepEqual([shown(), server.arrived], [["one", null], ["one"]]);
});

test("after a loss the model shown arrives anew, once", async () => {
  const { view, says, shown, server } = await start();
  view.set({ connection: "lost" });
  await says({}); // a server that was started anew, and is ready again already
  view.set({ connection: "open" });
  await settled();
  await says({});
  assert.deepEqual([shown(), server.prepared, server.arrived], [["first", null], ["first"], ["first"]]);
});

test("a model that the server has let go of is loaded again", async () => {
  const { says, server, shown } = await start();
  await says({ first: "absent" });
  assert.deepEqual(server.prepared, ["first"]);
  await says({ first: "ready" });
  assert.deepEqual(shown(), ["first", null]);
});
