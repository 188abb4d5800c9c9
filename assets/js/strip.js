/** One direction at −3 … +3 σ, the other sliders as they are: seven pictures under its slider, each clickable. */

import { createFrames } from "./frames.js";
import { setStrength } from "./rack.js";
import { signed, sigma } from "./sigma.js";
import { canDecode, morphOf, steerOf, store, whenDecoding } from "./state.js";

/** The page's one strip; `toggle(id, row)` opens it at the end of a direction's row, or closes it there. */
export function createStrip() {
  const element = Object.assign(document.createElement("div"), { className: "strip" });
  let open = null; // the direction's id
  const { strengths } = store.get().status.limits;
  const steps = strengths.map((strength) => step(strength, () => open));
  const { buttons, refill, stop } = createFrames(element, "strip", steps);

  function mark({ rack }) {
    const strength = rack.find(({ id }) => id === open)?.strength;
    buttons.forEach((button, index) => button.classList.toggle("near", strength === strengths[index]));
  }

  function close() {
    element.closest("li")?.querySelector("[data-strip]").setAttribute("aria-pressed", "false");
    element.remove();
    open = null;
    stop();
  }

  function toggle(id, row) {
    const isOpen = open === id;
    close();
    if (isOpen) return;
    open = id;
    put(element, row);
    mark(store.get());
    refill();
  }

  store.watch(["model", "a", "b", "method", "alpha", "rack"], (state, before) => {
    if (open === null) return;
    if (state.rack.every(({ id }) => id !== open)) close();
    else {
      mark(state);
      if (canDecode(state) && restOf(state, open) !== restOf(before, open)) refill();
    }
  });
  whenDecoding(() => open !== null && refill());
  return { toggle };
}

function put(element, row) {
  row.append(element);
  row.querySelector("[data-strip]").setAttribute("aria-pressed", "true");
  element.scrollIntoView({ block: "nearest" });
}

function step(strength, direction) {
  return {
    label: `Go to ${sigma(strength, 0)}`,
    caption: signed(strength, 0),
    morph: () => morphAt(store.get(), direction(), strength),
    go: () => setStrength(direction(), strength),
  };
}

/** The morph as it is, but for one slider. */
function morphAt(state, id, strength) {
  const rack = state.rack.map((entry) => (entry.id === id ? { ...entry, strength } : entry));
  return { ...morphOf(state), steer: steerOf(rack) };
}

/** All that the strip of a direction depends on. */
const restOf = (state, id) => JSON.stringify(morphAt(state, id, 1));
