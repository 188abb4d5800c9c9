/**
 * A loop drawn around points of the map, with mouse, pen or finger; with shift a box. Our own, because Plotly's lasso
 * styles every point anew at every move: too slow to follow a hand.
 */

const CLICK = 8; // pixels; a press that never moves so far is a click

/**
 * Draw on the Plotly figure `plot` whenever `isOn()`; `line` is an SVG polygon that covers the figure. `done(loop)`
 * gets the corners in pixels of the figure. Returns {hasDrawn()}: whether the newest press drew a loop, which Plotly
 * takes for a click nevertheless.
 */
export function startLasso(plot, line, { isOn, done }) {
  let hasDrawn = false;

  plot.addEventListener("pointerdown", (start) => {
    hasDrawn = false;
    if (!isOn() || !start.isPrimary || start.button !== 0 || !start.target.closest(".nsewdrag")) return;
    const { left, top } = plot.getBoundingClientRect();
    const place = ({ clientX, clientY }) => [clientX - left, clientY - top];
    const loop = [place(start)];
    const pressed = new AbortController();
    let corners = [];

    function move(event) {
      loop.push(place(event));
      corners = event.shiftKey ? box(loop[0], loop.at(-1)) : loop;
      if (isDrag(loop)) line.setAttribute("points", corners.join(" "));
    }

    function end({ type }) {
      pressed.abort();
      line.setAttribute("points", "");
      hasDrawn = isDrag(loop);
      if (hasDrawn && type === "pointerup") done(corners);
    }

    addEventListener("pointermove", move, { signal: pressed.signal });
    for (const type of ["pointerup", "pointercancel"]) addEventListener(type, end, { signal: pressed.signal });
  });
  return { hasDrawn: () => hasDrawn };
}

/** Whether a place lies inside a loop that may cross itself: what is encircled twice is outside, as it is drawn. */
export function isInside([x, y], loop) {
  let inside = false;
  for (let i = 0, j = loop.length - 1; i < loop.length; j = i++) {
    const [[x1, y1], [x2, y2]] = [loop[i], loop[j]];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  }
  return inside;
}

const box = ([x1, y1], [x2, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]; // prettier-ignore

const isDrag = ([[x, y], ...rest]) => rest.some(([u, v]) => Math.max(Math.abs(u - x), Math.abs(v - y)) >= CLICK);
