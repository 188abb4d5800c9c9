/** The tool “Style mix”: coarse of A with fine of B, or B inside a region painted on A, where latents have places. */

import { createBrush } from "./brush.js";
import { nameOf, sourceOf } from "./points.js";
import { createResult } from "./result.js";
import { ready } from "./session.js";
import { modelStatus, store } from "./state.js";
import { startTool } from "./tool.js";

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
    const { latent_shape: shape, axes } = modelStatus(model);
    if (!axes.includes("row")) return;
    const isRegion = way.value === "region";
    const cycles = 2 ** cutoff.valueAsNumber;
    find(".cutoff output").textContent = `${cycles.toFixed(1)} cycles a picture`;
    showWay(find, isRegion);
    const [nameA, nameB] = [a, b].map((point) => nameOf(point, store.get()));
    const name = isRegion ? `${nameB} inside ${nameA}` : `coarse ${nameA}, fine ${nameB}`;
    find("[data-formula]").textContent = name;
    show({ model, a, b, ...(isRegion ? { mask: brush.mask(shape[1], shape[2]) } : { cutoff: cycles }) }, name);
  }

  startTool(find(".tool"), ["model", "a", "b"], () => {
    const { model, a } = store.get();
    const { title, latent_shape: shape, axes } = modelStatus(model);
    const hasPlaces = axes.includes("row");
    find("[data-vector]").hidden = hasPlaces;
    find(".mixing").hidden = !hasPlaces;
    find("[data-vector]").textContent = withoutPlaces(title, shape.join(" × "));
    if (!hasPlaces) return;
    [cutoff.min, cutoff.max] = [LOWEST, shape[1] / 2].map(Math.log2);
    find(".paper img").src = sourceOf(a, store.get());
    mix();
  });
  cutoff.max = Math.log2(64); // so that the first value is not cut to the range of an empty slider
  cutoff.value = Math.log2(FIRST);
  cutoff.addEventListener("input", mix);
  way.addEventListener("change", mix);
  find("[data-clear]").addEventListener("click", brush.clear);
}

function showWay(find, isRegion) {
  find(".cutoff").hidden = isRegion;
  find("[data-clear]").hidden = !isRegion;
  find(".paper").hidden = !isRegion;
}

const withoutPlaces = (title, numbers) =>
  `The latent of ${title} has ${numbers} numbers without places, and so nothing in it is coarse or fine. ` +
  "To mix, choose a model with a spatial latent in the menu at the top.";
