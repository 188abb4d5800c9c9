/** Says what a model in preparation is doing, with a bar; empty while nothing is prepared. */

import { attempt } from "./notice.js";
import { modelStatus, store } from "./state.js";
import { prepare, stop } from "./status.js";

/**
 * Keep `element` (with a <progress> and a text) at the model that `view` waits for, or the one in use.
 * With `untilDecoding`, only as long as the model cannot decode: a picture does not wait for the map. Where `element` has
 * a button, it stops the encoding of the data set, and then lets it go on.
 */
export function startProgress(element, { view = store, untilDecoding = false } = {}) {
  const [bar, text, button] = ["progress", "span", "button"].map((part) => element.querySelector(part));
  let entry = null;
  button?.addEventListener("click", () => {
    attempt(() => (entry.state === "stopped" ? prepare : stop)(entry.name, entry.dataset.name));
  });
  view.watch(["status", "pending", "model"], ({ pending, model, status }) => {
    entry = status && modelStatus(pending ?? model ?? status.first.model);
    const isStopped = button !== null && entry?.state === "stopped";
    element.hidden = !isStopped && (entry?.state !== "loading" || (untilDecoding && entry.decodes));
    if (element.hidden) return;
    bar.value = entry.progress;
    const meanwhile = pending && model ? ` Until then the page stays with ${modelStatus(model).title}.` : "";
    text.textContent = `${entry.message}.${meanwhile}`;
    if (button) offer(button, entry, isStopped);
  });
}

/** Stopping, as long as there is something to encode; going on, once it was stopped. */
function offer(button, { decodes, encoded, points }, isStopped) {
  button.hidden = !isStopped && !(decodes && encoded < points);
  button.textContent = isStopped ? "Go on" : "Stop";
  button.title = isStopped ? "Encode what is left" : "Encode no more than is there; what is needed is encoded when you pick it";
}
