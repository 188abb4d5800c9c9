/** The morph: A, the big picture and B, alpha, the path's menu, play, swap, random, before and after, film and link. */

import { startAhead } from "./ahead.js";
import { startCanvas } from "./canvas.js";
import { startCards } from "./cards.js";
import { startCompare } from "./compare.js";
import { startFilmstrip } from "./filmstrip.js";
import { notify } from "./notice.js";
import { startPlayer, togglePlay } from "./player.js";
import { startProgress } from "./progress.js";
import { ready } from "./session.js";
import { isShareable, isWhole, link } from "./share.js";
import { STEPS, randomPair, setAlpha, store, swap } from "./state.js";

export async function mount(element) {
  const find = (selector) => element.querySelector(selector);
  startProgress(find(".preparing"), { untilDecoding: true });
  await ready;
  startCanvas(find(".result canvas"), find(".waiting"));
  startCards(element.querySelectorAll("[data-card]"));
  startCompare(find(".result"), find("[data-split]"), find("template"));
  startFilmstrip(find(".film"));
  startAhead();
  startPlayer();
  startSlider(find(".alpha input"), find(".alpha output"));
  startHint(find(".alpha progress"), find(".alpha input"));
  startPathMenu(find("[data-method]"), find("[data-explanation]"));
  startButtons(find);
}

function startSlider(slider, readout) {
  slider.step = 1 / STEPS;
  slider.addEventListener("input", () => {
    store.set({ playing: false });
    setAlpha(slider.valueAsNumber);
  });
  store.watch(["alpha"], ({ alpha }) => {
    slider.value = alpha;
    slider.style.setProperty("--alpha", alpha);
    readout.textContent = alpha.toFixed(2);
  });
}

/** How much of the path is decoded: a line under the slider, and in words when the mouse rests there. */
function startHint(line, slider) {
  store.watch(["decoded", "planned"], ({ decoded, planned }) => {
    [line.max, line.value] = [planned, decoded];
    slider.title = `${decoded} of ${planned} pictures of this path are decoded: moving along them needs no server`;
  });
}

function startPathMenu(menu, explanation) {
  const { methods } = store.get().status;
  menu.replaceChildren(...methods.map(({ name, title }) => new Option(title, name)));
  menu.addEventListener("change", () => store.set({ method: menu.value }));
  store.watch(["method"], ({ method }) => {
    menu.value = method;
    const chosen = methods.find(({ name }) => name === method);
    explanation.textContent = chosen?.explanation ?? "";
    explanation.title = chosen?.source ?? "";
  });
}

function startButtons(find) {
  const play = find("[data-play]");
  play.addEventListener("click", togglePlay);
  store.watch(["playing"], ({ playing }) => {
    play.classList.toggle("playing", playing);
    play.setAttribute("aria-label", playing ? "Pause" : "Play from A to B and back");
  });
  find("[data-swap]").addEventListener("click", swap);
  find("[data-random]").addEventListener("click", randomPair);
  find("[data-share]").addEventListener("click", share);
}

async function share() {
  const text = String(link());
  if (!isShareable(store.get())) {
    notify("Pictures of your own stay in this session, so a link cannot hold them: choose portraits from the map.", "error");
    return;
  }
  try {
    await navigator.clipboard.writeText(text);
    const own = isWhole(store.get()) ? "" : " Directions of your own stay in this session: the link leaves them out.";
    notify(`The link to this morph was copied.${own}`);
  } catch {
    notify(`Copying is not allowed here. The link is in the address bar: ${text}`);
  }
}
