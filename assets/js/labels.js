/** The portraits' labels: fetched one column at a time, and turned into colours. */

import { getValues, remembered } from "./server.js";

export const RAMP = ["#3b2f7f", "#3f5f9e", "#2f8f97", "#53b67a", "#b6d14f", "#fde725"]; // dark to light, read in grey too
const PALETTE = [
  "#5cc8ff", "#ffb454", "#7bd88f", "#ff6b81", "#b79cff", "#ffe066", "#4fd1c5", "#f78fb3", "#9aa7ff", "#c8e06b",
  "#ff9f6b", "#6ee7e7", "#d6a2e8", "#a3b18a",
]; // prettier-ignore

/** One column: {name, kind, title, unit, values} and low and high, or classes. */
export const loadLabel = remembered((name) => getValues("label", { name }));

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
