/** A and B beside the big picture: the picture as it was given, and the few labels that tell it apart. */

import { choosePicture, openPicture } from "./pictures.js";
import { nameOf, sourceOf } from "./points.js";
import { getJson } from "./server.js";
import { chooseSlot, whenDecoding } from "./state.js";

/** Keep the cards at A and B of `view`; a click makes a card's slot the active one. */
export function startCards(cards, view) {
  for (const card of cards) startCard(card, card.dataset.card, view);
}

function startCard(card, slot, view) {
  const image = card.querySelector("img");
  card.querySelector("[data-open]").addEventListener("click", () => choosePicture(slot, view));
  card.querySelector(".item").addEventListener("click", () => chooseSlot(slot, view));
  card.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault(); // nor does another view take it
    openPicture(slot, file, view);
  });
  view.watch(["slot"], (state) => card.classList.toggle("active", state.slot === slot));
  let newest = 0;

  async function show() {
    const state = view.get();
    const point = state[slot];
    if (point === null) return;
    const mine = ++newest;
    const labels = await labelsOf(state, point);
    if (mine !== newest) return;
    const name = nameOf(point, state);
    image.src = sourceOf(point, state);
    image.alt = `${slot.toUpperCase()}: ${name}`;
    card.querySelector("[data-name]").textContent = name;
    card.querySelector("[data-labels]").textContent = labels;
  }

  view.watch([slot, "model"], show);
  whenDecoding(show, view); // what could not be fetched is there after a reconnect
}

async function labelsOf({ model, pictures }, point) {
  const own = pictures.find(({ id }) => id === point);
  if (own) return ownLabel(own);
  try {
    const { labels, split } = await getJson("point", { model, point });
    return [...labels, ...(split === "held-out" ? ["held out"] : [])].join(" · ");
  } catch ({ message }) {
    return message;
  }
}

/** Of a picture how well it came back; other media have no such number. */
function ownLabel({ psnr }) {
  if (psnr === undefined) return "made here";
  return psnr === null ? "yours" : `comes back at ${psnr.toFixed(1)} dB`;
}
