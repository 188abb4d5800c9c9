/** Says what a model in preparation is doing, with a bar; empty while nothing is prepared. */

import { modelStatus, store } from "./state.js";

/**
 * Keep `element` (with a <progress> and a text) at the model that `view` waits for, or the one in use.
 * With `untilDecoding`, only as long as the model cannot decode: a picture does not wait for the map.
 */
export function startProgress(element, { view = store, untilDecoding = false } = {}) {
  const bar = element.querySelector("progress");
  const text = element.querySelector("span");
  view.watch(["status", "pending", "model"], ({ pending, model, status }) => {
    const entry = status && modelStatus(pending ?? model ?? status.first.model);
    element.hidden = entry?.state !== "loading" || (untilDecoding && entry.decodes);
    if (element.hidden) return;
    bar.value = entry.progress;
    const meanwhile = pending && model ? ` Until then the page stays with ${modelStatus(model).title}.` : "";
    text.textContent = `${entry.message}.${meanwhile}`;
  });
}
