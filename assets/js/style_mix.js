/** The drawer “Style mix”: coarse of A with fine of B, or B inside a region painted on A, where latents have places. */

import { createBrush } from "./brush.js";
import { startDrawer } from "./drawer.js";
import { nameOf } from "./made.js";
import { createResult } from "./result.js";
import { address } from "./server.js";
import { ready } from "./session.js";
import { modelStatus, store } from "./state.js";

const LOWEST = 0.25; // cycles a picture; nearly the mean colours alone
const FIRST = 3;

export async function mount(element) {
  await ready;
  const find = (selector) => element.querySelector(selector);
  const [way, cutoff] = [find("[data-way]"), find(".cutoff input")];
  const show = createResult(find(".operation-result"), { path: "style-mix", keep: "keep-style-mix" });
  const brush = createBrush(find(".paper canvas"), mix);

  /** Ask for the mix that the controls describe. */
  function mix() {
    const { model, a, b } = store.get();
    const { latent_shape: shape } = modelStatus(model);
    if (shape.length !== 3) return;
    const isRegion = way.value === "region";
    const cycles = 2 ** cutoff.valueAsNumber;
    find(".cutoff output").textContent = `${cycles.toFixed(1)} cycles a picture`;
    find(".cutoff").hidden = isRegion;
    find("[data-clear]").hidden = !isRegion;
    find(".paper").hidden = !isRegion;
    const name = isRegion ? `${nameOf(b)} inside ${nameOf(a)}` : `coarse ${nameOf(a)}, fine ${nameOf(b)}`;
    find("[data-formula]").textContent = name;
    show({ model, a, b, ...(isRegion ? { mask: brush.mask(shape[1], shape[2]) } : { cutoff: cycles }) }, name);
  }

  startDrawer(find("details"), ["model", "a", "b"], () => {
    const { model, a, pictures } = store.get();
    const { title, latent_shape: shape } = modelStatus(model);
    const hasPlaces = shape.length === 3;
    find("[data-vector]").hidden = hasPlaces;
    find(".mixing").hidden = !hasPlaces;
    find("[data-vector]").textContent =
      `The latent of ${title} is a vector of ${shape[0]} numbers: it has no places, and so nothing in it is coarse or fine. ` +
      "To mix, choose a Stable Diffusion model in the menu at the top: its latents are small pictures.";
    if (!hasPlaces) return;
    [cutoff.min, cutoff.max] = [LOWEST, shape[1] / 2].map(Math.log2);
    find(".paper img").src = pictures.find(({ id }) => id === a)?.original ?? address(`portrait/${a}.webp`);
    mix();
  });
  cutoff.max = Math.log2(64); // so that the first value is not cut to the range of an empty slider
  cutoff.value = Math.log2(FIRST);
  cutoff.addEventListener("input", mix);
  way.addEventListener("change", mix);
  find("[data-clear]").addEventListener("click", brush.clear);
}
