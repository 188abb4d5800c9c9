/** The tool “Data sets”: bring one, see how far its import is, and show, stop or delete it. */

import { startEntries } from "./import_entry.js";
import { count, describe, isImport, isUnderWay, size } from "./import_words.js";
import { remove, show } from "./import_shown.js";
import { bring, bringFolder, cancel, change, follow, imports, nextWhole, waitForNone } from "./imports.js";
import { attempt, notify } from "./notice.js";
import { ready } from "./session.js";
import { store } from "./state.js";
import { showWhileOpen } from "./tool.js";

const INSTEAD = "A folder has to be packed as a ZIP; single pictures are opened under “My images”.";

export async function mount(element) {
  const section = element.querySelector(".tool");
  await ready;
  const isOpen = showWhileOpen(section);
  startOpeners(section);
  startDrops(section);
  startSending(section.querySelector(".sending"), section.querySelector("[data-choose]"));
  startList(section);
  startTelling(section.querySelector("[role=status]"));
  store.watch(["tool", "connection"], ({ connection }) => {
    if (!isOpen()) waitForNone();
    else if (connection === "open") follow(isOpen);
  });
  imports.watch(["sets"], ({ sets }) => {
    if (!isOpen()) return waitForNone();
    if (sets?.some(isUnderWay)) follow(isOpen);
    const whole = nextWhole();
    if (whole) show(whole);
  });
}

/** The file chooser, and folders of the server where there are some. */
function startOpeners(section) {
  const [chooser, form, folder, roots] = ["[type=file]", "form", "[data-folder]", "datalist"].map((one) => section.querySelector(one));
  section.querySelector("[data-choose]").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    if (file) send(section, file);
    chooser.value = ""; // so that the same file can be chosen again
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => bringFolder(folder.value.trim()));
  });
  imports.watch(["roots", "limitGb"], (state) => {
    form.hidden = state.roots.length === 0;
    roots.replaceChildren(...state.roots.map((root) => new Option(root, root)));
    folder.value ||= state.roots[0] ?? "";
    section.querySelector("[data-limit]").textContent = state.limitGb === null ? "" : `Up to ${state.limitGb} GB.`;
  });
}

/** Bring a file; which column has the pictures can be told for a table only. */
function send(section, file) {
  if (!isImport(file)) return notify(`“${file.name}” is no ZIP or Parquet file. ${INSTEAD}`, "error");
  const isTable = !/\.zip$/i.test(file.name);
  return bring(file, isTable ? section.querySelector("[data-image]").value.trim() : null);
}

/** What is dropped here, and a data set wherever it is dropped, is brought; before a card or a tool takes it for a picture. */
function startDrops(section) {
  addEventListener("drop", (event) => {
    const [file, ...others] = event.dataTransfer.files;
    if (!file || !(isImport(file) || section.contains(event.target))) return;
    event.preventDefault();
    event.stopPropagation();
    for (const marked of document.querySelectorAll(".drop-here")) marked.classList.remove("drop-here"); // as pictures.js would
    store.set({ tool: section.dataset.name });
    if (others.length > 0) notify(`One file at a time: “${file.name}” is taken. Several pictures go into a ZIP.`);
    send(section, file);
  }, { capture: true });
}

/** How much of a file is sent; when it is there, or not wanted any more, the focus goes to `next`. */
function startSending(element, next) {
  const [name, text, button, bar] = ["strong", "span", "button", "progress"].map((part) => element.querySelector(part));
  button.addEventListener("click", cancel);
  imports.watch(["sending"], ({ sending }) => {
    if (!sending && element.contains(document.activeElement)) next.focus();
    const isNew = element.hidden && sending;
    element.hidden = sending === null;
    if (!sending) return;
    if (isNew) element.scrollIntoView({ block: "nearest" });
    const share = sending.size > 0 ? Math.min(1, sending.sent / sending.size) : 0; // headers count, too
    name.textContent = sending.name;
    name.title = sending.name;
    text.textContent = share < 1 ? `Sending: ${Math.floor(100 * share)} % of ${size(sending.size)}` : "Sent: the server looks into it …";
    bar.value = share;
  });
}

function startList(section) {
  const [list, none, dialog] = [".sets", "[data-none]", "dialog"].map((one) => section.querySelector(one));
  const draw = startEntries(list, section.querySelector("template"), (what, set) => {
    if (what === "delete") askToDelete(dialog, set);
    else attempt(() => (what === "show" ? show(set) : change(what, set)));
  });
  const update = () => {
    const { sets, sending } = imports.get();
    draw(sets ?? [], store.get().dataset);
    none.hidden = sets?.length !== 0 || sending !== null;
  };
  imports.watch(["sets", "sending"], update);
  store.watch(["dataset"], update);
}

/** Say in a word what has begun or ended, for who does not see it; not each step. */
function startTelling(element) {
  imports.watch(["sending"], ({ sending }, before) => {
    if (sending && !before.sending) element.textContent = `Sending ${sending.name}.`;
  });
  imports.watch(["sets"], ({ sets }, before) => {
    const was = new Map(before.sets?.map(({ name, state }) => [name, state]));
    const changed = before.sets && sets.filter(({ name, state }) => was.get(name) !== state);
    if (!changed?.length) return;
    element.textContent = changed.map((set) => `${set.title}: ${set.state === "reading" ? "is being read" : describe(set)}`).join(". ");
  });
}

function askToDelete(dialog, set) {
  const pictures = set.read > 0 ? `“${set.title}” with ${count(set.read, "picture")}` : `“${set.title}”`;
  dialog.querySelector("p").textContent = `Delete ${pictures}, and what models made of it? Pictures that lie elsewhere stay there.`;
  dialog.returnValue = ""; // Escape leaves it so
  dialog.onclose = () => dialog.returnValue === "delete" && attempt(() => remove(set));
  dialog.showModal();
}
