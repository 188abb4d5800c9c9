/** How an import is told in words: numbers of files, time that is left, and what was not taken as it is. */

const SUFFIX = /\.(zip|parquet)$/i;

/** Whether a file's name says that it is a data set, and not one picture. */
export const isImport = ({ name }) => SUFFIX.test(name);

/** Whether the server is still at it. */
export const isUnderWay = ({ state }) => state === "waiting" || state === "reading";

const number = (value) => value.toLocaleString("en", { maximumFractionDigits: 0 });

export const count = (many, one) => `${number(many)} ${one}${many === 1 ? "" : "s"}`;

/** How far an import is. */
export function describe({ state, read, looked, total, rate, seconds_left: left, message }) {
  if (state === "whole") return count(read, "picture");
  if (state === "failed") return read > 0 ? `${message} (${count(read, "picture")} had been read.)` : message;
  if (state === "waiting") return read > 0 ? `Waits to be read on; ${count(read, "picture")} so far` : "Waits to be read";
  const place = total > 0 ? `${number(looked)} of ${count(total, "file")}` : count(read, "picture");
  if (state === "stopped") return `Stopped after ${place}`;
  const speed = rate > 0 ? `, ${rate < 10 ? rate.toFixed(1) : number(rate)} a second` : "";
  return `Reading: ${place}${speed}${left === null ? "" : `, about ${duration(left)} left`}`;
}

/** Seconds in the unit in which a person would say them. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** How large a file is, in the unit of the limit or, if it is small, in megabytes. */
export const size = (bytes) => (bytes < 1e9 ? `${Math.max(0.1, bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);

/** What an import did not take as it is: {term, items} each, the items being files and reasons as far as they are named. */
export function explain({ unreadable, unreadable_named, doubled, doubled_named, passed_over, empty, noted }) {
  const passed = Object.entries(passed_over).map(([kind, many]) => `${kind}: ${number(many)}`);
  const notes = Object.entries(noted).map(([note, many]) => `${count(many, "picture")}: ${note}`);
  const all = sum(passed_over);
  return [
    unreadable > 0 && { term: `${number(unreadable)} cannot be read`, items: named(unreadable_named, unreadable) },
    doubled > 0 && { term: `${number(doubled)} ${doubled === 1 ? "looks" : "look"} as an earlier one does (taken all the same)`, items: named(doubled_named, doubled) },
    all > 0 && { term: `${number(all)} passed over`, items: passed },
    empty.length > 0 && { term: `${count(empty.length, "folder")} without a picture`, items: empty },
    notes.length > 0 && { term: "Shown otherwise than in the file", items: notes },
  ].filter(Boolean);
}

const sum = (counts) => Object.values(counts).reduce((total, many) => total + many, 0);

/** Those that the server names, and how many more there are. */
const named = (items, all) => (all > items.length ? [...items, `and ${number(all - items.length)} more`] : items);

/** Why a model does not show a data set, and which listed ones can, as far as that is known before they are loaded. */
export function refusal({ title }, model, models) {
  const others = models.filter(({ name, listed, media, can_encode }) => listed && name !== model.name && media.name === "picture" && can_encode !== false);
  const titles = others.map((other) => other.title).join(", ");
  const advice = titles ? ` Choose another model in the bar: ${titles}.` : "";
  return `${model.title} cannot show “${title}”: it does not encode pictures.${advice}`;
}
