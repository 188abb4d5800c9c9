/** The map: every portrait as a point, coloured by a label; a click sets A or B. */

import { CONFIG, createLayout, createTraces, loadPlotly } from "./figure.js";
import { groupPoints, loadLabel, readValue } from "./labels.js";
import { showLegend } from "./legend.js";
import { attempt } from "./notice.js";
import { createOverlay } from "./overlay.js";
import { startProgress } from "./progress.js";
import { address, getJson, getValues } from "./server.js";
import { ready } from "./session.js";
import { choosePoint, modelStatus, store } from "./state.js";

export async function mount(element) {
  startProgress(element.querySelector(".preparing"));
  await ready;
  startSlots(element.querySelectorAll("[data-slot]"));
  const plot = element.querySelector(".plot");
  const colour = element.querySelector("[data-colour]");
  const { labels, first_label } = store.get().status;
  colour.replaceChildren(...labels.map(({ name, title }) => new Option(title, name, false, name === first_label)));
  const Plotly = await attempt(loadPlotly);
  if (!Plotly) return;
  await Plotly.newPlot(plot, [], createLayout(""), CONFIG); // an empty figure to listen to
  new ResizeObserver(() => Plotly.Plots.resize(plot)).observe(plot);
  const overlay = createOverlay(element.querySelector(".overlay"), plot, pick);
  const map = createMap({ Plotly, plot, overlay, colour, legend: element.querySelector(".legend") });
  colour.addEventListener("change", () => attempt(map.draw));
  element.querySelector("[data-fit]").addEventListener("click", map.fit);
  store.watch(["model", "status"], () => attempt(map.update));
  startPath(overlay, element.querySelector("[data-placing]"));
  listen(plot, element.querySelector(".hover"), overlay, map);
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
    await Plotly.react(plot, createTraces(groups, mine.values), createLayout(mine.model), CONFIG);
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

  return {
    draw,
    update,
    fit: () => Plotly.relayout(plot, { "xaxis.autorange": true, "yaxis.autorange": true }),
    /** The label's value of a point, with its name. */
    describe: (point) => (label ? `${label.title} ${readValue(label, point)}` : ""),
  };
}

function startSlots(buttons) {
  for (const button of buttons) button.addEventListener("click", () => store.set({ slot: button.dataset.slot }));
  store.watch(["slot"], ({ slot }) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.slot === slot));
  });
}

/** A click sets the active slot and goes on to the other, so that two clicks make a pair; with shift, the other's. */
function pick(point, { shiftKey }) {
  const { slot } = store.get();
  const other = slot === "a" ? "b" : "a";
  if (shiftKey) choosePoint(point, other);
  else store.set({ [slot]: String(point), slot: other });
}

/** Keep the path over the map: its points come from the server, the dot follows alpha here. */
function startPath(overlay, placing) {
  let newest = 0;
  store.watch(["model", "a", "b", "method", "status"], async (state, before) => {
    const isSame = ["model", "a", "b", "method"].every((key) => state[key] === before[key]);
    const wasReady = modelStatus(state.model, before)?.state === "ready";
    if ((isSame && wasReady && state !== before) || state.a === null || state.b === null) return;
    const mine = ++newest;
    const { model, a, b, method } = state;
    const path = await getJson("path", { model, a, b, method }).catch(() => null);
    if (mine !== newest) return;
    overlay.setPath(path ?? { points: [], a: null, b: null }); // why it failed is said where the frame fails
    placing.textContent = path?.placing ?? "";
  });
  store.watch(["alpha"], ({ alpha }) => overlay.setAlpha(alpha));
  store.watch(["pictures", "model"], ({ pictures, model }) =>
    overlay.setUploads(pictures.filter((picture) => picture.model === model)),
  );
}

function listen(plot, hover, overlay, map) {
  const image = hover.querySelector("img");
  plot.on("plotly_click", ({ points, event }) => pick(points[0].customdata, event));
  plot.on("plotly_hover", ({ points, event }) => {
    const point = points[0].customdata;
    image.src = address(`thumbnail/${point}.webp`);
    hover.querySelector("span").textContent = `${point} · ${map.describe(point)}`;
    const { left, top, width } = plot.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    hover.style.translate = `${x > width / 2 ? x - 16 - hover.offsetWidth : x + 16}px ${Math.max(0, y - 48)}px`;
    hover.classList.add("shown");
  });
  plot.on("plotly_unhover", () => hover.classList.remove("shown"));
  for (const name of ["plotly_relayouting", "plotly_relayout", "plotly_afterplot"]) plot.on(name, overlay.draw);
}
