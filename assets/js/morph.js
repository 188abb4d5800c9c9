/** The morph: A, the big picture and B, alpha, the path's menu, play, swap, random, before and after, film and link. */

import { startAhead } from "./ahead.js";
import { startCanvas } from "./canvas.js";
import { startCards } from "./cards.js";
import { startCompare } from "./compare.js";
import { createDecoded } from "./decoded.js";
import { startFilmstrip } from "./filmstrip.js";
import { notify } from "./notice.js";
import { startPlayer, togglePlay } from "./player.js";
import { startProgress } from "./progress.js";
import { ready } from "./session.js";
import { isShareable, isWhole, link } from "./share.js";
import { STEPS, randomPair, setAlpha, store, swap } from "./state.js";
import { startValue } from "./value.js";

export async function mount(element) {
  startProgress(element.querySelector(".preparing"), { untilDecoding: true });
  await ready;
  createMorph(element, store);
}

/** Let `element`, made from the panel's HTML, show and change `view`: its own canvas, lanes and decoded path. */
export function createMorph(element, view) {
  const find = (selector) => element.querySelector(selector);
  const path = createDecoded(view);
  startCanvas(find(".result canvas"), find(".waiting"), view, path);
  startCards(element.querySelectorAll("[data-card]"), view);
  startCompare({ figure: find(".result"), button: find("[data-split]"), template: find("template") }, view, path);
  startFilmstrip(find(".film"), view, path);
  startAhead(view, path);
  startPlayer(view);
  startSlider(find(".alpha input"), find(".alpha output"), view);
  startHint(find(".alpha progress"), find(".alpha input"), view);
  startPathMenu(find("[data-method]"), find("[data-explanation]"), view);
  startButtons(find, view);
  startValue(find("[data-value]"), view);
}

function startSlider(slider, readout, view) {
  slider.step = 1 / STEPS;
  slider.addEventListener("input", () => {
    view.set({ playing: false });
    setAlpha(view, slider.valueAsNumber);
  });
  view.watch(["alpha"], ({ alpha }) => {
    slider.value = alpha;
    slider.style.setProperty("--alpha", alpha);
    readout.textContent = alpha.toFixed(2);
  });
}

/** How much of the path is decoded: a line under the slider, and in words when the mouse rests there. */
function startHint(line, slider, view) {
  view.watch(["decoded", "planned"], ({ decoded, planned }) => {
    [line.max, line.value] = [planned, decoded];
    slider.title = `${decoded} of ${planned} pictures of this path are decoded: moving along them needs no server`;
  });
}

function startPathMenu(menu, explanation, view) {
  const { methods } = view.get().status;
  menu.replaceChildren(...methods.map(({ name, title }) => new Option(title, name)));
  menu.addEventListener("change", () => view.set({ method: menu.value }));
  view.watch(["method"], ({ method }) => {
    menu.value = method;
    const chosen = methods.find(({ name }) => name === method);
    explanation.textContent = chosen?.explanation ?? "";
    explanation.title = chosen?.source ?? "";
  });
}

function startButtons(find, view) {
  const play = find("[data-play]");
  play.addEventListener("click", () => togglePlay(view));
  view.watch(["playing"], ({ playing }) => {
    play.classList.toggle("playing", playing);
    play.setAttribute("aria-label", playing ? "Pause" : "Play from A to B and back");
  });
  find("[data-swap]").addEventListener("click", () => swap(view));
  find("[data-random]").addEventListener("click", () => randomPair(view));
  find("[data-share]").addEventListener("click", () => share(view.get()));
}

async function share(state) {
  if (!isShareable(state)) {
    notify("Pictures of your own stay in this session, so a link cannot hold them: choose points from the map.", "error");
    return;
  }
  const text = String(link(state, window.location.href));
  try {
    await navigator.clipboard.writeText(text);
    const own = isWhole(state) ? "" : " Directions of your own stay in this session: the link leaves them out.";
    notify(`The link to this morph was copied.${own}`);
  } catch {
    notify(`Copying is not allowed here. The link is in the address bar: ${text}`);
  }
}
