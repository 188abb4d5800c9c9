/** The grid of a traversal: a row of pictures an item, filled one after another so that something shows at once. */

import { keepPoint, showPoint } from "./made.js";
import { notify } from "./notice.js";
import { mostSliders } from "./rack.js";
import { atRest } from "./rest.js";
import { post } from "./server.js";
import { sigma } from "./sigma.js";
import { here, store } from "./state.js";

const ROWS = 4;

/** Build the grid in `element`. `fill(rows, along, isNewest)` stops where it is not the newest any more. */
export function createGrid(element) {
  const { strengths } = store.get().status.limits;
  element.append(createCorner(), ...strengths.map((value) => text("span", "value", sigma(value, 0))));
  const rows = Array.from({ length: ROWS }, () => createRow(element, strengths));

  async function fill(wishes, along, isNewest) {
    const stale = wishes.map((wish, index) => rows[index].expect(wish, along)).filter(Boolean);
    for (const load of stale) {
      await atRest(); // a drag comes first
      if (!isNewest()) return;
      await load();
    }
  }

  return { fill };
}

function createRow(element, strengths) {
  const title = text("span", "title", "");
  const cells = strengths.map((value) => createCell(value, () => choose(value)));
  element.append(title, ...cells);
  let filled = ""; // the wish that the pictures answer
  let row = null; // {morph, name}
  let along = null;

  async function choose(value) {
    const { morph, name } = row;
    const steer = value === 0 ? morph.steer : [...morph.steer, { direction: along.id, strength: value, hold: false }];
    if (steer.length > mostSliders()) {
      notify(`A picture has at most ${mostSliders()} sliders: set one of the rack's to 0 σ.`, "error");
      return;
    }
    const { slot } = store.get();
    const id = await keepPoint("keep", { ...morph, steer }, `${name}, ${along.label} ${sigma(value, 0)}`);
    if (id) showPoint(id, slot);
  }

  /** What loads the pictures of a wish, or null where they are there. */
  function expect(wish, direction) {
    const body = JSON.stringify({ morph: wish.morph, direction: direction.id, strengths });
    title.textContent = wish.title;
    if (body === filled && direction === along) return null;
    for (const cell of cells) cell.classList.add("stale");
    return async () => {
      const { cells: pictures } = await post("traverse", here(), body);
      [filled, row, along] = [body, wish, direction];
      cells.forEach((cell, index) => showCell(cell, pictures[index], `${wish.title}, ${direction.label}`, strengths[index]));
    };
  }

  return { expect };
}

function createCell(value, click) {
  const cell = document.createElement("button");
  cell.className = "cell";
  cell.disabled = true;
  cell.dataset.value = value;
  cell.append(document.createElement("img"));
  cell.addEventListener("click", click);
  return cell;
}

function showCell(cell, picture, name, value) {
  const image = cell.firstChild;
  image.src = picture;
  image.alt = `${name} at ${sigma(value, 0)}`;
  cell.disabled = false;
  cell.classList.remove("stale");
}

const createCorner = () => text("span", "corner", "");
const text = (tag, className, textContent) => Object.assign(document.createElement(tag), { className, textContent });
