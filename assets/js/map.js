/** The map: every item of a data set as a point, coloured by a label; a click sets A or B, or adds to a group or a sum. */

import { CONFIG, createLayout, createTraces, describeDrawing, loadPlotly } from "./figure.js";
import { addMembers, isGrouping, startGroups, toggleMember } from "./groups.js";
import { groupPoints, loadLabel, readValue } from "./labels.js";
import { isInside, startLasso } from "./lasso.js";
import { showLegend } from "./legend.js";
import { attempt } from "./notice.js";
import { createOverlay } from "./overlay.js";
import { startPath } from "./path.js";
import { startProgress } from "./progress.js";
import { getValues } from "./server.js";
import { ready } from "./session.js";
import { isOwn, itemAddress, pointOf, rowOf } from "./points.js";
import { choosePoint, chooseSlot, modelStatus, store } from "./state.js";
import { addFromMap } from "./terms.js";
import { startTouch } from "./touch.js";

export async function mount(element) {
  startProgress(element.querySelector(".preparing"));
  await ready;
  startSlots(element.querySelectorAll("[data-slot]"));
  startGroups(element);
  const plot = element.querySelector(".plot");
  const colour = element.querySelector("[data-colour]");
  const Plotly = await attempt(loadPlotly);
  if (!Plotly) return;
  await Plotly.newPlot(plot, [], createLayout("", dragmode()), CONFIG); // an empty figure to listen to
  new ResizeObserver(() => Plotly.Plots.resize(plot)).observe(plot);
  const overlay = createOverlay(element.querySelector(".overlay"), plot, choose);
  startTouch(plot, Plotly);
  const [legend, drawn] = [".legend", "[data-drawn]"].map((part) => element.querySelector(part));
  const map = new Scatter({ Plotly, plot, overlay, colour, legend, drawn });
  colour.addEventListener("change", () => attempt(() => map.draw()));
  element.querySelector("[data-fit]").addEventListener("click", () => map.fit());
  store.watch(["model", "dataset", "status"], () => attempt(() => map.update()));
  store.watch(["isDark"], () => map.recolour());
  startPath(overlay, element.querySelector("[data-placing]"));
  store.watch(["pictures", "model", "dataset"], () => overlay.setUploads(uploads()));
  store.watch(["groups"], ({ groups }) => overlay.setMembers(map.placesOf(groups.plus), map.placesOf(groups.minus)));
  store.watch(["mapTool"], () => Plotly.relayout(plot, { dragmode: dragmode() }));
  const done = (loop) => addMembers(map.pointsIn(loop));
  const lasso = startLasso(plot, element.querySelector(".lasso"), { isOn: isGrouping, done });
  plot.on("plotly_click", ({ points, event }) => lasso.hasDrawn() || choose(map.pointOf(points[0].customdata), event));
  listen(plot, element.querySelector(".hover"), overlay, map);
}

/** The labels that the map can be coloured by, its data set's own choice first chosen. */
function fillColours(menu, { labels, colour }) {
  menu.replaceChildren(...labels.map(({ name, title }) => new Option(title, name, false, name === colour)));
}

const dragmode = () => (isGrouping() ? false : "pan"); // where a drag draws a loop, it does not pan

/** The person's own pictures in the current model, whose places are on the map of the current data set. */
function uploads() {
  const { pictures, model, dataset } = store.get();
  return pictures.filter((picture) => picture.model === model && picture.dataset === dataset);
}

/** The points of the data set that is looked at, as Plotly draws them. */
class Scatter {
  #parts; // what it is drawn with: {Plotly, plot, overlay, colour, legend, drawn}
  #drawn = null; // {key, model, dataset, values} of the map that is shown
  #label = null;
  #groups = []; // of the points, as the label has them
  #loading = null;

  constructor(parts) {
    this.#parts = parts;
  }

  async draw() {
    const { Plotly, plot, overlay, colour, legend, drawn: told } = this.#parts;
    const mine = this.#drawn;
    if (!mine) return;
    const next = await loadLabel({ model: mine.model, dataset: mine.dataset.name }, colour.value);
    if (mine !== this.#drawn || next.name !== colour.value) return; // meanwhile something else was chosen
    this.#label = next;
    const groups = (this.#groups = groupPoints(next, mine.values.length / 2));
    const layout = createLayout(mine.key, dragmode(), mine.values);
    await Plotly.react(plot, createTraces(groups, mine.values), layout, CONFIG);
    told.textContent = describeDrawing(mine.values.length / 2);
    told.hidden = told.textContent === "";
    showLegend(legend, next, groups, (index, visible) => Plotly.restyle(plot, { visible }, [index]));
    plot.dataset.model = mine.model;
    plot.dataset.label = next.name;
    overlay.draw();
  }

  /** Fetch and draw the map of the current model and data set, once there is one. */
  async update() {
    const { plot, colour } = this.#parts;
    const { model } = store.get();
    const { dataset, has_map: isReady } = modelStatus(model) ?? {};
    const key = dataset && `${model} ${dataset.name}`;
    plot.classList.toggle("stale", !isReady || this.#drawn?.key !== key);
    if (!isReady || this.#drawn?.key === key || this.#loading === key) return;
    this.#loading = key;
    try {
      const { values } = await getValues("map", { model, dataset: dataset.name });
      if (this.#loading !== key) return;
      if (this.#drawn?.dataset.name !== dataset.name) fillColours(colour, dataset);
      this.#drawn = { key, model, dataset, values };
      await this.draw();
      plot.classList.remove("stale");
    } finally {
      if (this.#loading === key) this.#loading = null;
    }
  }

  /** Where an item, or a point of the person's own, lies in map coordinates; null where it does not. */
  #place(point) {
    if (isOwn(point)) return uploads().find(({ id }) => id === point)?.coordinates ?? null;
    const { dataset, values } = this.#drawn ?? {};
    const row = dataset ? rowOf(point, dataset) : NaN;
    const count = dataset ? values.length / 2 : 0;
    return row < count ? [values[row], values[count + row]] : null;
  }

  /** Give the points the colours of the page, which have become light or dark. */
  recolour() {
    const { Plotly, plot } = this.#parts;
    const traces = this.#groups.length > 0 ? createTraces(this.#groups, this.#drawn.values) : [];
    if (traces.length > 0) Plotly.restyle(plot, { marker: traces.map(({ marker }) => marker) });
  }

  fit() {
    const { Plotly, plot } = this.#parts;
    Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true });
  }

  placesOf(points) {
    return points.map((point) => this.#place(point)).filter(Boolean);
  }

  /** Those inside a loop, given in pixels, of the items that are not hidden, and of the person's own. */
  pointsIn(loop) {
    const { plot, overlay } = this.#parts;
    const rows = plot.data.filter(({ visible }) => visible !== false).flatMap(({ customdata }) => customdata);
    const items = rows.map((row) => this.pointOf(row));
    const own = uploads().filter(({ coordinates }) => coordinates).map(({ id }) => id);
    return [...items, ...own].filter((point) => isInside(overlay.project(this.#place(point)), loop));
  }

  pointOf(row) {
    return pointOf(row, this.#drawn.dataset);
  }

  /** The label's value of a row, with its name. */
  describe(row) {
    return this.#label ? `${this.#label.title} ${readValue(this.#label, row)}` : "";
  }
}

function startSlots(buttons) {
  for (const button of buttons) button.addEventListener("click", () => chooseSlot(button.dataset.slot));
  store.watch(["slot", "mapTool"], ({ slot, mapTool }) => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(mapTool === "pick" && button.dataset.slot === slot));
    }
  });
}

/** What a click on a point does: as the map's tool says. */
function choose(point, event) {
  const tools = { pick, plus: toggleMember, minus: toggleMember, term: addFromMap };
  tools[store.get().mapTool](point, event);
}

/** A click sets the active slot and goes on to the other, so that two clicks make a pair; with shift, the other's. */
function pick(point, { shiftKey }) {
  const { slot } = store.get();
  const other = slot === "a" ? "b" : "a";
  if (shiftKey) choosePoint(point, other);
  else store.set({ [slot]: String(point), slot: other });
}

function listen(plot, hover, overlay, map) {
  const image = hover.querySelector("img");
  plot.on("plotly_hover", ({ points, event }) => {
    const row = points[0].customdata;
    image.src = itemAddress("thumbnail", map.pointOf(row), store.get());
    hover.querySelector("span").textContent = `${row} · ${map.describe(row)}`;
    const { left, top, width } = plot.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const beside = x > width / 2 ? x - 16 - hover.offsetWidth : x + 16;
    const inside = Math.max(0, Math.min(beside, width - hover.offsetWidth)); // a narrow map has no room beside it
    hover.style.translate = `${inside}px ${Math.max(0, y - 48)}px`;
    hover.classList.add("shown");
  });
  plot.on("plotly_unhover", () => hover.classList.remove("shown"));
  for (const name of ["plotly_relayouting", "plotly_relayout", "plotly_afterplot"]) plot.on(name, overlay.draw);
}
