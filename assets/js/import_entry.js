/** The list of data sets that were brought: an entry each, which changes in place, so that the focus stays where it is. */

import { describe, explain, isUnderWay } from "./import_words.js";

const OFFERED = { whole: ["show"], stopped: ["start", "finish"], failed: ["start", "finish"], waiting: ["stop"], reading: ["stop"] };

/** Returns what brings `list` to the entries of `sets`; a click on an entry's button calls `act(what, entry)`. */
export function startEntries(list, template, act) {
  const entries = new Map(); // name → {element, set}
  return (sets, shown) => {
    for (const [name, { element }] of entries) {
      if (sets.some((set) => set.name === name)) continue;
      if (element.contains(document.activeElement)) focusBeside(element);
      element.remove();
      entries.delete(name);
    }
    sets.forEach((set, index) => {
      if (!entries.has(set.name)) entries.set(set.name, create(template, (what) => act(what, entries.get(set.name).set)));
      const entry = entries.get(set.name);
      entry.set = set;
      update(entry.element, set, set.name === shown);
      if (list.children[index] !== entry.element) list.insertBefore(entry.element, list.children[index] ?? null);
    });
  };
}

function create(template, act) {
  const element = template.content.cloneNode(true).firstElementChild;
  for (const button of element.querySelectorAll("[data-do]")) button.addEventListener("click", () => act(button.dataset.do));
  return { element, set: null };
}

function update(element, set, isShown) {
  const find = (selector) => element.querySelector(selector);
  element.dataset.name = set.name;
  element.dataset.state = set.state;
  write(find("[data-title]"), set.title);
  find("[data-title]").title = set.title; // it may be cut off
  write(find("[data-text]"), isShown ? `${describe(set)}, shown` : describe(set));
  const bar = find("progress");
  bar.hidden = !isUnderWay(set);
  bar.value = set.total > 0 ? set.looked / set.total : 0;
  offer(element, set);
  list(find("details"), set);
}

/** Show the buttons that do something now; the focus does not go with one that does no more. */
function offer(element, { title, state, read, is_mine: isMine }) {
  const had = document.activeElement?.closest("[data-do]");
  const offered = OFFERED[state].filter((what) => (isMine || what === "show") && (what !== "finish" || read > 0));
  if (isMine) offered.push("delete");
  for (const button of element.querySelectorAll("[data-do]")) {
    button.hidden = !offered.includes(button.dataset.do);
    button.setAttribute("aria-label", `${button.textContent}: ${title}`);
  }
  if (had?.hidden && element.contains(had)) element.querySelector("[data-do]:not([hidden])")?.focus();
}

/** What was not taken as it is, and which files those are. */
function list(details, { findings }) {
  const parts = explain(findings);
  const told = JSON.stringify(parts);
  details.hidden = parts.length === 0;
  if (details.dataset.told === told) return; // what is selected in it stays so
  details.dataset.told = told;
  details.querySelector("summary").textContent = parts.map(({ term }) => term).join(" · ");
  details.querySelector("dl").replaceChildren(...parts.flatMap(({ term, items }) => [make("dt", term), ...items.map((item) => make("dd", item))]));
}

const make = (tag, textContent) => Object.assign(document.createElement(tag), { textContent });

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Leave an entry that goes: for the next one, the one before, or what brings another. */
function focusBeside(element) {
  const near = element.nextElementSibling ?? element.previousElementSibling ?? element.closest(".tool");
  near.querySelector("[data-do]:not([hidden]), [data-choose]")?.focus();
}
