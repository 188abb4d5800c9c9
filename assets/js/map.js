/** The map: every portrait as a point, coloured by a label; a click sets A or B, or adds to a group or a sum. */

import { CONFIG, createLayout, createTraces, loadPlotly } from "./figure.js";
import { addMembers, isGrouping, startGroups, toggleMember } from "./groups.js";
import { groupPoints, loadLabel, readValue } from "./labels.js";
import { isInside, startLasso } from "./lasso.js";
import { showLegend } from "./legend.js";
import { attempt } from "./notice.js";
import { createOverlay } from "./overlay.js";
import { startPath } from "./path.js";
import { startProgress } from "./progress.js";
import { address, getValues } from "./server.js";
import { ready } from "./session.js";
import { isUpload } from "./share.js";
import { choosePoint, chooseSlot, modelStatus, store } from "./state.js";
import { addFromMap } from "./terms.js";

export async function mount(element) {
  startProgress(element.querySelector(".preparing"));
  await ready;
  startSlots(element.querySelectorAll("[data-slot]"));
  startGroups(element);
  const plot = element.querySelector(".plot");
  const colour = element.querySelector("[data-colour]");
  const { labels, first_label } = store.get().status;
  colour.replaceChildren(...labels.map(({ name, title }) => new Option(title, name, false, name === first_label)));
  const Plotly = await attempt(loadPlotly);
  if (!Plotly) return;
  await Plotly.newPlot(plot, [], createLayout("", dragmode()), CONFIG); // an empty figure to listen to
  new ResizeObserver(() => Plotly.Plots.resize(plot)).observe(plot);
  const overlay = createOverlay(element.querySelector(".overlay"), plot, choose);
  const map = createMap({ Plotly, plot, overlay, colour, legend: element.querySelector(".legend") });
  colour.addEventListener("change", () => attempt(map.draw));
  element.querySelector("[data-fit]").addEventListener("click", map.fit);
  store.watch(["model", "status"], () => attempt(map.update));
  startPath(overlay, element.querySelector("[data-placing]"));
  store.watch(["pictures", "model"], () => overlay.setUploads(uploads()));
  store.watch(["groups"], ({ groups }) => overlay.setMembers(groups.plus.map(map.place), groups.minus.map(map.place)));
  store.watch(["mapTool"], () => Plotly.relayout(plot, { dragmode: dragmode() }));
  const done = (loop) => addMembers(map.pointsIn(loop));
  const lasso = startLasso(plot, element.querySelector(".lasso"), { isOn: isGrouping, done });
  plot.on("plotly_click", ({ points, event }) => lasso.hasDrawn() || choose(points[0].customdata, event));
  listen(plot, element.querySelector(".hover"), overlay, map);
}

const dragmode = () => (isGrouping() ? false : "pan"); // where a drag draws a loop, it does not pan

/** The person's own pictures in the current model. */
function uploads() {
  const { pictures, model } = store.get();
  return pictures.filter((picture) => picture.model === model);
}

function createMap({ Plotly, plot, overlay, colour, legend }) {
  let drawn = null; // {model, values} of the map that is shown
  let label = null;
  let loading = null;

  async function draw() {
    if (!drawn) return;
    const mine = drawn;
    const next = await loadLabel(colour.value);
    if (mine !== drawn || next.name !== colour.value) return; // meanwhile something else was chosen
    label = next;
    const groups = groupPoints(label, mine.values.length / 2);
    await Plotly.react(plot, createTraces(groups, mine.values), createLayout(mine.model, dragmode()), CONFIG);
    showLegend(legend, label, groups, (index, visible) => Plotly.restyle(plot, { visible }, [index]));
    plot.dataset.model = mine.model;
    plot.dataset.label = label.name;
    overlay.draw();
  }

  /** Fetch and draw the map of the current model, once it is ready. */
  async function update() {
    const { model } = store.get();
    const isReady = modelStatus(model)?.state === "ready";
    plot.classList.toggle("stale", !isReady || drawn?.model !== model);
    if (!isReady || drawn?.model === model || loading === model) return;
    loading = model;
    try {
      const { values } = await getValues("map", { model });
      if (store.get().model !== model) return;
      drawn = { model, values };
      await draw();
      plot.classList.remove("stale");
    } finally {
      loading = null;
    }
  }

  /** Where a portrait or an upload lies, in map coordinates. */
  function place(point) {
    if (isUpload(point)) return uploads().find(({ id }) => id === point).coordinates;
    return [drawn.values[point], drawn.values[drawn.values.length / 2 + Number(point)]];
  }

  return {
    draw,
    update,
    fit: () => Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true }),
    place,
    /** Those inside a loop, given in pixels, of the portraits that are not hidden, and of the uploads. */
    pointsIn(loop) {
      const portraits = plot.data.filter(({ visible }) => visible !== false).flatMap(({ customdata }) => customdata);
      const own = uploads().filter(({ coordinates }) => coordinates).map(({ id }) => id);
      return [...portraits, ...own].filter((point) => isInside(overlay.project(place(point)), loop));
    },
    /** The label's value of a point, with its name. */
    describe: (point) => (label ? `${label.title} ${readValue(label, point)}` : ""),
  };
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
    const point = points[0].customdata;
    image.src = address(`thumbnail/${point}.webp`);
    hover.querySelector("span").textContent = `${point} · ${map.describe(point)}`;
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
