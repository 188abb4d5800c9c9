/** Pictures into canvases. A picture is {bitmap, left}: one bitmap may hold several, side by side. */

/** Draw a picture into `canvas`, at the picture's own size. */
export function draw(canvas, { bitmap, left = 0 }) {
  const size = bitmap.height;
  if (canvas.width !== size) canvas.width = canvas.height = size;
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, left, 0, size, size, 0, 0, size, size);
}
