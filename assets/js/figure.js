/** The Plotly figure of the map: its script, its traces and its layout. */

import { RAMP } from "./labels.js";

const MARKER_SIZE = 5; // pixels
const AXIS = { visible: false, autorange: true }; // the axes of a UMAP mean nothing

/** Plotly, from this app: its script is big, so it loads beside the first picture, not before it. */
export function loadPlotly() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../plotly.min.js", import.meta.url);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The map's drawing library could not be loaded: reload the page."));
    document.head.append(script);
  });
}

/** One scattergl trace a group; `values` holds x of all points, then y of all points. */
export function createTraces(groups, values) {
  const count = values.length / 2;
  return groups.map(({ points, numbers, color }) => ({
    type: "scattergl",
    mode: "markers",
    x: Float32Array.from(points, (point) => values[point]),
    y: Float32Array.from(points, (point) => values[count + point]),
    customdata: points,
    hoverinfo: "none", // the hover event is used, Plotly's own box is not
    marker: {
      size: MARKER_SIZE,
      opacity: 0.85,
      ...(numbers ? { color: numbers, colorscale: RAMP.map((c, i) => [i / (RAMP.length - 1), c]) } : { color }),
    },
  }));
}

/** The layout; `revision` changes where pan and zoom shall start anew, `dragmode` is "pan", or false for none. */
export function createLayout(revision, dragmode) {
  return {
    uirevision: revision,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    xaxis: { ...AXIS },
    yaxis: { ...AXIS, scaleanchor: "x" },
    dragmode,
    hovermode: "closest",
    hoverdistance: 12,
    showlegend: false,
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
  };
}

export const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: "autosize" };
