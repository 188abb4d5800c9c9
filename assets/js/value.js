/** What is decoded, as it is: sound is heard and words are read, beside the picture that the canvas draws of them. */

import { notify } from "./notice.js";
import { postForFile } from "./server.js";
import { canDecode, modelStatus, morphOf, whenDecoding } from "./state.js";

const REST_MS = 200; // since the last change: a drag asks for no files

/** Keep `element` at what `view` shows; empty for a model that makes pictures, which the canvas shows as they are. */
export function startValue(element, view) {
  let timer = null;
  let newest = 0;

  async function show() {
    const state = view.get();
    const mine = ++newest;
    if (!makesMore(state) || !canDecode(state) || state.a === null) return element.replaceChildren();
    try {
      const file = await postForFile("value", JSON.stringify(morphOf(state)));
      const shown = await describe(file);
      if (mine === newest) element.replaceChildren(...shown);
    } catch (error) {
      if (mine === newest) notify(error.message, "error");
    }
  }

  function later() {
    clearTimeout(timer);
    if (makesMore(view.get())) {
      timer = setTimeout(show, REST_MS);
      return;
    }
    newest += 1; // what is on its way is another model's
    element.replaceChildren();
  }

  view.watch(["model", "a", "b", "method", "alpha", "rack"], later);
  whenDecoding(later, view);
}

const makesMore = ({ model, status }) => model !== null && modelStatus(model, { status })?.media.name !== "picture";

/** The elements of a file; of one with parts, such as a picture and its words, those of each. */
async function describe(file) {
  const kind = file.type.split(";")[0];
  if (kind === "application/json") {
    const { parts } = JSON.parse(await file.text());
    const shown = await Promise.all(parts.map(({ mime, data }) => describe(toBlob(mime, data))));
    return shown.flat();
  }
  if (kind.startsWith("audio/")) return [createPlayer(file)];
  if (kind.startsWith("text/")) return [Object.assign(document.createElement("p"), { textContent: await file.text() })];
  return []; // a picture is on the canvas
}

function createPlayer(file) {
  const player = Object.assign(document.createElement("audio"), { controls: true, src: URL.createObjectURL(file) });
  player.setAttribute("aria-label", "The sound at this place of the path");
  player.addEventListener("loadeddata", () => URL.revokeObjectURL(player.src), { once: true });
  return player;
}

function toBlob(type, data) {
  return new Blob([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))], { type });
}
