/** The live result of an operation: the picture of the newest wish, and the buttons that keep it as a point. */

import { keepPoint } from "./made.js";
import { attempt } from "./notice.js";
import { post } from "./server.js";
import { choosePoint } from "./state.js";

/**
 * Keep `element` at the answers of the route `path`, one request at a time; `tell(answer)` gets each, and null where
 * there is none. Its buttons keep what is shown by the route `keep`. Returns `show(wish, name)`; a null wish is none.
 */
export function createResult(element, { path, keep, tell = () => {} }) {
  const canvas = element.querySelector("canvas");
  const buttons = [...element.querySelectorAll("[data-use]")];
  let wanted; // newest {wish, name} that was not asked for yet
  let isAsking = false;
  let shown = null;

  async function ask({ wish, name }) {
    const answer = wish && (await attempt(() => post(path, {}, JSON.stringify(wish))));
    if (answer) await paint(canvas, answer.picture);
    shown = answer ? { wish, name } : null;
    canvas.dataset.wish = JSON.stringify(shown?.wish ?? null); // what is on screen, for whoever needs to know
    for (const button of buttons) button.disabled = !shown;
    tell(answer ?? null);
  }

  async function show(wish, name) {
    wanted = { wish, name };
    element.classList.add("stale");
    if (isAsking) return;
    isAsking = true;
    while (wanted) {
      const mine = wanted;
      wanted = null;
      await ask(mine);
    }
    isAsking = false;
    element.classList.toggle("stale", !shown);
  }

  for (const button of buttons) {
    button.disabled = true;
    button.addEventListener("click", async () => {
      const id = shown && (await keepPoint(keep, shown.wish, shown.name));
      if (id) choosePoint(id, button.dataset.use);
    });
  }
  return show;
}

async function paint(canvas, source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  canvas.width = canvas.height = image.naturalWidth;
  canvas.getContext("2d").drawImage(image, 0, 0);
}
