/** Colours of the style sheets for who draws without them, such as Plotly and canvases. */

const probe = document.body.appendChild(Object.assign(document.createElement("i"), { hidden: true }));

/** What a colour such as "var(--a)" is now, light or dark. */
export function resolve(colour) {
  probe.style.color = colour;
  return getComputedStyle(probe).color;
}
