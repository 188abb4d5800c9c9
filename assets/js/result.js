/** The live result of an operation: the picture of the newest wish, and the buttons that keep it as a point. */

import { keepPoint } from "./made.js";
import { newestFirst } from "./newest.js";
import { attempt } from "./notice.js";
import { post } from "./server.js";
import { choosePoint, here } from "./state.js";

/**
 * Keep `element` at the answers of the route `path`, one request at a time; `tell(answer)` gets each, and null where
 * there is none. Its buttons keep what is shown by the route `keep`. Returns `show(wish, name)`; a null wish is none.
 */
export function createResult(element, { path, keep, tell = () => {} }) {
  const canvas = element.querySelector("canvas");
  const buttons = [...element.querySelectorAll("[data-use]")];
  let shown = null; // {wish, name}

  async function load(wish) {
    const answer = await post(path, here(), JSON.stringify(wish));
    await paint(canvas, answer.picture);
    return answer;
  }

  const ask = newestFirst(async ({ wish, name }, isNewest) => {
    const answer = wish && (await attempt(() => load(wish)));
    shown = answer ? { wish, name } : null;
    canvas.dataset.wish = JSON.stringify(shown?.wish ?? null); // what is on screen, for whoever needs to know
    for (const button of buttons) button.disabled = !shown;
    tell(answer ?? null);
    element.classList.toggle("stale", !shown || !isNewest());
  });

  function show(wish, name) {
    element.classList.add("stale");
    ask({ wish, name });
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
