/**
 * Fingers on the map: two zoom and pan it, one scrolls the page (`touch-action` in map.css), and a tap is the click that
 * the browser makes of it. Plotly sees no touch: it would pan with the one finger that scrolls.
 */

/** Listen on the Plotly figure `plot`. */
export function startTouch(plot, Plotly) {
  let start = null; // of the two fingers that are down: {fingers, x, y}
  let newest = null; // where they are
  let frame = 0;

  function follow() {
    frame = 0;
    if (!start) return;
    const scale = start.fingers.distance / newest.distance;
    Plotly.relayout(plot, {
      "xaxis.range": moved(start.x, start.fingers.x, newest.x, scale),
      "yaxis.range": moved(start.y, start.fingers.y, newest.y, scale),
    });
  }

  function begin(event) {
    event.stopPropagation();
    start = null;
    if (event.targetTouches.length !== 2) return;
    event.preventDefault(); // nor does the page scroll or zoom
    const { xaxis, yaxis } = plot._fullLayout;
    const fingers = measure(event.targetTouches, plot);
    newest = fingers;
    start = { fingers, x: ends(xaxis, 1), y: ends(yaxis, -1) };
  }

  function move(event) {
    if (!start || event.targetTouches.length !== 2) return;
    event.preventDefault();
    newest = measure(event.targetTouches, plot);
    frame ||= requestAnimationFrame(follow);
  }

  plot.addEventListener("touchstart", begin, { capture: true, passive: false });
  plot.addEventListener("touchmove", move, { capture: true, passive: false });
  for (const type of ["touchend", "touchcancel"]) plot.addEventListener(type, begin, { capture: true, passive: false });
}

/** Where two fingers are: the middle as pixels from the figure's corner, and how far apart. */
function measure([first, second], plot) {
  const { left, top } = plot.getBoundingClientRect();
  return {
    x: (first.clientX + second.clientX) / 2 - left,
    y: (first.clientY + second.clientY) / 2 - top,
    distance: Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY),
  };
}

/** An axis as it is: its range, and the pixels of the range's ends; `direction` is -1 where pixels count down. */
function ends({ range, _offset: offset, _length: length }, direction) {
  return { range: [...range], pixels: direction > 0 ? [offset, offset + length] : [offset + length, offset] };
}

/** The range in which what was at the pixel `from` lies at `to`, `scale` times as long. */
function moved({ range: [low, high], pixels: [first, last] }, from, to, scale) {
  const perPixel = (high - low) / (last - first);
  const held = low + (from - first) * perPixel;
  return [first, last].map((end) => held + (end - to) * perPixel * scale);
}
