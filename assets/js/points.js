/**
 * How points are named, and nobody else needs to know: an item of a data set by the set's prefix and its row ("17",
 * "samples/5"), and what is the person's own by an id ("mine/3f…").
 */

import { address } from "./server.js";

const OWN = /^(u[0-9a-f]+$|mine\/)/; // the first is of links from before
const ITEM = /^((?:[a-z0-9-]+\/)?)([0-9]{1,9})$/;

/** Whether a point is an upload or was made here: it lives in this session only, and no link can name it. */
export const isOwn = (point) => OWN.test(point);

/** The row of a point in a data set, of which only the `prefix` counts; NaN where it is of another. */
export function rowOf(point, { prefix }) {
  const [, own, row] = ITEM.exec(point) ?? [];
  return own === prefix ? Number(row) : NaN;
}

/**
 * The data set that A and B lead to where none is named, by the status' `datasets`: that of A, or of B where A is the
 * person's own. Null where it is the server's first, with which models begin anyway, and where they name none.
 */
export function datasetOfPoints({ a, b }, datasets) {
  const point = [a, b].find((one) => one !== undefined && !isOwn(one));
  const [, prefix] = ITEM.exec(point) ?? [];
  const { name = null } = datasets[prefix] ?? {};
  return name === Object.values(datasets)[0].name ? null : name;
}

/** The point of a row in a data set. */
export const pointOf = (row, { prefix }) => `${prefix}${row}`;

/** Any point of a data set that has `count`. */
export const anyPoint = (count, dataset) => pointOf(Math.floor(Math.random() * count), dataset);

/** A point as a person calls it, by a view's state: their own by its name, an item by what its data set is made of. */
export function nameOf(point, { pictures, status }) {
  const own = pictures.find(({ id }) => id === point);
  if (own) return own.name ?? "your picture";
  const [, prefix, row] = ITEM.exec(point) ?? [];
  return `${status.datasets[prefix]?.singular ?? "item"} ${row ?? point}`;
}

/** What an <img> shows of a point: the person's own picture, or the server's. */
export function sourceOf(point, { pictures, status, model }) {
  const own = pictures.find(({ id }) => id === point);
  return own ? own.original : itemAddress("item", point, { status, model });
}

/** Address of an item's picture: "item" or "thumbnail". */
export function itemAddress(kind, point, { status, model }) {
  const [, prefix, row] = ITEM.exec(point) ?? [];
  return address(`${kind}/${status.datasets[prefix]?.name}/${row}.webp`, { model });
}
