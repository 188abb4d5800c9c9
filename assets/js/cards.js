/** A and B beside the big picture: the portrait as it was given, and the few labels that tell it apart. */

import { address, getJson } from "./server.js";
import { choosePicture } from "./pictures.js";
import { chooseSlot, store } from "./state.js";

/** Keep the cards at A and B; a click makes a card's slot the active one. */
export function startCards(cards) {
  for (const card of cards) startCard(card, card.dataset.card);
}

function startCard(card, slot) {
  const image = card.querySelector("img");
  card.querySelector("[data-open]").addEventListener("click", () => choosePicture(slot));
  card.querySelector(".face").addEventListener("click", () => chooseSlot(slot));
  store.watch(["slot"], (state) => card.classList.toggle("active", state.slot === slot));
  let newest = 0;
  store.watch([slot, "model"], async (state) => {
    const point = state[slot];
    if (point === null) return;
    const mine = ++newest;
    const picture = state.pictures.find(({ id }) => id === point);
    const described = picture ? describeOwn(picture) : await describePortrait(state.model, point);
    if (mine !== newest || !described) return;
    image.src = described.source;
    image.alt = `${slot.toUpperCase()}: ${described.name}`;
    card.querySelector("[data-name]").textContent = described.name;
    card.querySelector("[data-labels]").textContent = described.labels;
  });
}

function describeOwn({ file, name, original, psnr }) {
  if (!file) return { source: original, name, labels: "made here" };
  return { source: original, name: "your picture", labels: `comes back at ${psnr.toFixed(1)} dB` };
}

async function describePortrait(model, point) {
  const portrait = await getJson("point", { model, point }).catch(() => null);
  return (
    portrait && {
      source: address(`portrait/${point}.webp`),
      name: `portrait ${point}`,
      labels: [...portrait.telling, ...(portrait.split === "held-out" ? ["held out"] : [])].join(" · "),
    }
  );
}
