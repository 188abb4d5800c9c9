/**
 * What lies over the map: the path from A to B, the place on it that is shown, A and B, uploads, and rings around the
 * members of groups. Drawn as SVG of our own, because moving one dot through Plotly.restyle recalculates every trace:
 * too slow to follow a drag.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Draw into `svg`, which covers the Plotly figure `plot`; `pick(point, event)` is called on a click on an upload. */
export function createOverlay(svg, plot, pick) {
  const marks = marksIn(svg);
  let shown = { points: [], a: null, b: null, alpha: 0.5, uploads: [], members: [[], []] };
  const project = (place) => projectOn(plot, place);
  const draw = () => plot._fullLayout && drawAll(marks, shown, project);
  return {
    draw,
    /** The path's points and the ends, in map coordinates; empty and null while there are none. */
    setPath({ points, a: from, b: to }) {
      shown = { ...shown, points, a: from, b: to };
      draw();
    },
    setAlpha(alpha) {
      shown.alpha = alpha;
      if (plot._fullLayout) drawDot(marks, shown, project);
    },
    setUploads(pictures) {
      shown.uploads = pictures.map((picture) => createUpload(picture, pick));
      marks.uploads.replaceChildren(...shown.uploads.map(({ mark }) => mark));
      draw();
    },
    /** The places, in map coordinates, of the members of group + and of group −. */
    setMembers(plus, minus) {
      shown.members = [plus, minus];
      draw();
    },
    project,
  };
}

/** The parts of the drawing by their names. */
function marksIn(svg) {
  const marks = Object.fromEntries(
    ["path", "halo", "dot", "uploads", "a", "b"].map((name) => [name, svg.querySelector(`.${name}`)]),
  );
  marks.members = ["plus", "minus"].map((name) => svg.querySelector(`.members.${name}`));
  marks.gradient = svg.querySelector("linearGradient");
  return marks;
}

/** Where map coordinates lie in the figure, in pixels. */
function projectOn(plot, [x, y]) {
  const { xaxis, yaxis } = plot._fullLayout;
  return [
    xaxis._offset + ((x - xaxis.range[0]) / (xaxis.range[1] - xaxis.range[0])) * xaxis._length,
    yaxis._offset + (1 - (y - yaxis.range[0]) / (yaxis.range[1] - yaxis.range[0])) * yaxis._length,
  ];
}

function drawAll(marks, shown, project) {
  const points = shown.points.map(project);
  const line = points.map((point) => point.join(",")).join(" ");
  marks.path.setAttribute("points", line);
  marks.halo.setAttribute("points", line);
  if (points.length > 0) aim(marks.gradient, points[0], points.at(-1));
  moveTo(marks.a, shown.a && project(shown.a));
  moveTo(marks.b, shown.b && project(shown.b));
  marks.members.forEach((mark, group) => {
    const rings = shown.members[group].map((place) => RINGS[group](project(place)));
    mark.setAttribute("d", rings.join(""));
  });
  for (const { place, mark } of shown.uploads) moveTo(mark, place && project(place));
  drawDot(marks, shown, project);
}

function drawDot({ dot }, { points, alpha }, project) {
  moveTo(dot, points.length > 0 ? project(along(points, alpha)) : null);
}

function createUpload({ id, name, coordinates }, pick) {
  const mark = document.createElementNS(SVG, "g");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", "M0,-7 7,0 0,7 -7,0Z");
  const title = document.createElementNS(SVG, "title");
  title.textContent = `${name ?? "Your picture"}: click to use it`;
  mark.append(shape, title);
  mark.addEventListener("click", (event) => pick(id, event));
  return { place: coordinates, mark };
}

// A circle around a member of +, a square around one of −: told apart without their colours, too.
const RINGS = [
  ([x, y]) => `M${x - 4.5},${y}a4.5,4.5 0 1,0 9,0a4.5,4.5 0 1,0 -9,0Z`,
  ([x, y]) => `M${x - 4},${y - 4}h8v8h-8Z`,
];

/** The place at alpha in [0, 1] of a polyline whose points are evenly spaced in alpha. */
function along(points, alpha) {
  const position = alpha * (points.length - 1);
  const index = Math.min(Math.floor(position), points.length - 2);
  const [from, to] = [points[index], points[index + 1]];
  return from.map((value, axis) => value + (to[axis] - value) * (position - index));
}

function aim(gradient, [x1, y1], [x2, y2]) {
  for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) gradient.setAttribute(name, value);
}

function moveTo(mark, place) {
  mark.style.display = place ? "" : "none";
  if (place) mark.setAttribute("transform", `translate(${place[0]},${place[1]})`);
}
