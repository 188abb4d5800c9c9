/** A brush: paints a region over a picture, and tells which share of each place of a latent it covers. */

import { resolve } from "./colours.js";

const SIZE = 256; // pixels of the painting, whatever its size on screen
const RADIUS = SIZE / 12;

/** Paint on `canvas`; `changed()` is called after every stroke and when it is cleared. */
export function createBrush(canvas, changed) {
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext("2d");
  Object.assign(context, { lineWidth: 2 * RADIUS, lineCap: "round", lineJoin: "round", strokeStyle: resolve("var(--b)") });
  let last = null;

  function draw(event) {
    const next = placeOn(canvas, event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    last = next;
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = placeOn(canvas, event);
    draw(event);
  });
  canvas.addEventListener("pointermove", (event) => last && draw(event));
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (last) changed();
      last = null;
    });
  }

  return {
    clear() {
      context.clearRect(0, 0, SIZE, SIZE);
      changed();
    },
    /** Rows of shares in [0, 1]. */
    mask: (height, width) => maskOf(canvas, height, width),
  };
}

function placeOn(canvas, { clientX, clientY }) {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [((clientX - left) / width) * SIZE, ((clientY - top) / height) * SIZE];
}

function maskOf(canvas, height, width) {
  const small = new OffscreenCanvas(width, height).getContext("2d");
  small.imageSmoothingQuality = "high";
  small.drawImage(canvas, 0, 0, width, height);
  const { data } = small.getImageData(0, 0, width, height);
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: width }, (_, column) => data[4 * (row * width + column) + 3] / 255),
  );
}
