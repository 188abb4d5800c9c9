/** What the colours mean: a bar for a continuous label, a switch a class for a categorical one. */

import { RAMP, formatNumber, unitOf } from "./labels.js";

/** Fill `element`; `toggle(index, visible)` is called when a class is switched off or on. */
export function showLegend(element, label, groups, toggle) {
  element.replaceChildren(...(label.kind === "continuous" ? bar(label) : switches(groups, toggle)));
  element.setAttribute("aria-label", `Colours of ${label.title}`);
}

function bar(label) {
  const ramp = document.createElement("i");
  ramp.className = "ramp";
  ramp.style.background = `linear-gradient(to right, ${RAMP.join(", ")})`;
  const ends = [label.low, label.high].map((value) => formatNumber(value, label));
  return [text(ends[0]), ramp, text(ends[1] + unitOf(label))];
}

function switches(groups, toggle) {
  return groups.map(({ name, color, points }, index) => {
    const button = document.createElement("button");
    button.className = "class";
    button.setAttribute("aria-pressed", "true");
    button.title = `${points.length} points; click to hide or show them`;
    button.style.setProperty("--class", color);
    button.append(text(name.replaceAll("_", " ")));
    button.addEventListener("click", () => {
      const visible = button.getAttribute("aria-pressed") === "false";
      button.setAttribute("aria-pressed", String(visible));
      toggle(index, visible);
    });
    return button;
  });
}

const text = (content) => Object.assign(document.createElement("span"), { textContent: content });
