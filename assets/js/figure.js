/** The Plotly figure of the map: its script, its traces and its layout. */

import { resolve } from "./colours.js";
import { RAMP } from "./labels.js";

const MARKER_SIZE = 5; // pixels
const MARGIN = 0.03; // of the points' extent, around them
const MOST_WITHOUT_WEBGL = 10_000; // points that SVG pans at more than ten frames a second

let webgl = null; // whether there is any; asked once

/** Plotly, from this app: its script is big, so it loads beside the first picture, not before it. */
export function loadPlotly() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../plotly/plotly.min.js", import.meta.url);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The map's drawing library could not be loaded: reload the page."));
    document.head.append(script);
  });
}

/** Whether the browser has the WebGL that Plotly draws points with. */
function hasWebgl() {
  if (webgl !== null) return webgl;
  const context = document.createElement("canvas").getContext("webgl");
  webgl = ["ANGLE_instanced_arrays", "OES_element_index_uint"].every((name) => context?.getExtension(name));
  context?.getExtension("WEBGL_lose_context")?.loseContext(); // a browser has few
  return webgl;
}

/** One point in how many is drawn, of `count`. */
const strideOf = (count) => (hasWebgl() ? 1 : Math.ceil(count / MOST_WITHOUT_WEBGL));

/** What a person should know of how `count` points are drawn, or "". */
export function describeDrawing(count) {
  if (hasWebgl()) return "";
  const thinned = strideOf(count) > 1 ? `, and one point in ${strideOf(count)} is shown` : "";
  return `This browser has no WebGL: the map is drawn without it, zooms and pans slower${thinned}.`;
}

/** One trace a group; `values` holds x of all points, then y of all points. */
export function createTraces(groups, values) {
  const count = values.length / 2;
  const stride = strideOf(count);
  const thin = (list) => (stride === 1 ? list : list.filter((_, index) => index % stride === 0));
  return groups.map((group) => {
    const points = thin(group.points);
    return {
      type: hasWebgl() ? "scattergl" : "scatter",
      mode: "markers",
      x: Float32Array.from(points, (point) => values[point]),
      y: Float32Array.from(points, (point) => values[count + point]),
      customdata: points,
      hoverinfo: "none", // the hover event is used, Plotly's own box is not
      marker: { size: MARKER_SIZE, opacity: 0.85, ...colouring({ ...group, numbers: group.numbers && thin(group.numbers) }) },
    };
  });
}

function colouring({ numbers, color }) {
  if (!numbers) return { color: resolve(color) };
  return { color: numbers, colorscale: RAMP.map((step, index) => [index / (RAMP.length - 1), resolve(step)]) };
}

/**
 * The layout around the points of `values`; `revision` changes where pan and zoom shall start anew, `dragmode` is
 * "pan", or false for none.
 */
export function createLayout(revision, dragmode, values = [0, 0]) {
  const count = values.length / 2;
  return {
    uirevision: revision,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    xaxis: createAxis(values.slice(0, count)),
    yaxis: { ...createAxis(values.slice(count)), scaleanchor: "x" },
    dragmode,
    hovermode: "closest",
    hoverdistance: 12,
    showlegend: false,
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
  };
}

/** Without ticks, since the axes of a UMAP mean nothing, and as long as the points reach; NaN is of none. */
function createAxis(values) {
  const [low, high] = values.filter(Number.isFinite).reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const margin = MARGIN * (high - low);
  return { visible: false, autorange: true, autorangeoptions: { clipmin: low - margin, clipmax: high + margin } };
}

export const CONFIG = {
  displayModeBar: false,
  showSendToCloud: false,
  plotlyServerURL: "", // nothing leaves for another host
  scrollZoom: true,
  responsive: true,
  doubleClick: "autosize",
};
