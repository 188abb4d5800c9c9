/** The data's labels: fetched one column at a time, and turned into colours. */

import { getValues, remembered } from "./server.js";

const series = (name, count) => Array.from({ length: count }, (_, index) => `var(--${name}-${index})`);

export const RAMP = series("ramp", 6); // dark to light, read in grey too
const PALETTE = series("class", 14);

/** One column: {name, kind, title, unit, values} and low and high, or classes. */
export const loadLabel = ({ model, dataset }, name) => load(JSON.stringify({ model, dataset, name }));

const load = remembered((key) => getValues("label", JSON.parse(key)));

/**
 * The points grouped as the legend shows them: one group with a number a point for a continuous label, one group a
 * class for a categorical one.
 */
export function groupPoints(label, count) {
  if (label.kind === "continuous") {
    return [{ points: Array.from({ length: count }, (_, point) => point), numbers: label.values.slice(0, count) }];
  }
  const groups = label.classes.map((name, index) => ({ name, color: PALETTE[index % PALETTE.length], points: [] }));
  for (let point = 0; point < count; point += 1) groups[label.values[point]].points.push(point);
  return groups;
}

/** A point's value as a person reads it. */
export function readValue(label, point) {
  const value = label.values[point];
  if (label.kind === "categorical") return label.classes[value];
  return formatNumber(value, label) + unitOf(label);
}

/** The unit as it follows a number. */
export function unitOf({ unit }) {
  return /^\w/.test(unit) ? ` ${unit}` : unit;
}

export function formatNumber(value, { low, high }) {
  return value.toFixed(high - low > 10 ? 0 : 2);
}
