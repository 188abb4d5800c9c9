/** The person's own pictures: encoded by the model, shown beside what it makes of them, and used as A or B. */

import { attempt, notify } from "./notice.js";
import { getJson, post } from "./server.js";
import { modelStatus, store } from "./state.js";

const IMAGE = /^image\//;

const chooser = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", hidden: true });
chooser.setAttribute("aria-label", "Picture file");

/** Open the file chooser for A or B. */
export function choosePicture(slot) {
  chooser.onchange = () => {
    const [file] = chooser.files;
    if (file) openPicture(slot, file);
    chooser.value = ""; // so that the same file can be chosen again
  };
  chooser.click();
}

/** Encode a picture with the current model and put it into a slot; what is wrong with it is said in a notice. */
export async function openPicture(slot, file) {
  const id = await encodePicture(file);
  if (id) store.set({ [slot]: id });
}

/** Encode a picture with the current model; its id, or null where it cannot be: what is wrong is said in a notice. */
export async function encodePicture(file) {
  const { model } = store.get();
  const dismiss = notify(`${modelStatus(model).title} is encoding your picture …`);
  const id = await attempt(() => encode(model, file));
  dismiss();
  if (!id) return null;
  return store.get().model === model ? id : reopen(id, store.get().model); // meanwhile another was chosen
}

/** The same picture in another model: its id there, or null where there is no file or it cannot be encoded. */
export async function reopen(id, model) {
  const { pictures } = store.get();
  const known = pictures.find((picture) => picture.id === id);
  if (known?.file) {
    const isThere = (other) => other !== known && other.file === known.file && other.model === model;
    const there = pictures.find(isThere);
    if (there && (await isKept(there))) return there.id;
    return (await attempt(() => encode(model, known.file))) ?? null;
  }
  if (known) {
    const [maker, other] = [known.model, model].map((name) => modelStatus(name).title);
    const reason = maker === other ? "the server has forgotten it" : `it is a latent of ${maker}, which means nothing to ${other}`;
    notify(`“${known.name}” was dropped: it was made here and has no picture file, and ${reason}.`);
  }
  return null;
}

const isKept = ({ model, id }) => getJson("point", { model, point: id }).then(() => true, () => false);

async function encode(model, file) {
  const answer = await post("upload", { model }, file);
  store.set({ pictures: [{ ...answer, model, file }, ...store.get().pictures] });
  return answer.id;
}

export function startPictures() {
  document.body.append(chooser);
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => IMAGE.test(type));
    if (file) openPicture(store.get().slot, file);
  });
  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    mark(event.target.closest("[data-card], [data-drop]"));
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget ?? mark(null));
  document.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    mark(null);
    if (!file || event.defaultPrevented) return; // a drawer has taken it
    event.preventDefault(); // the browser would leave the page to show the file
    openPicture(event.target.closest("[data-card]")?.dataset.card ?? store.get().slot, file);
  });
}

/** Show what would take a dragged file: the card or drawer under it; elsewhere it becomes the active slot's. */
function mark(taker) {
  for (const marked of document.querySelectorAll(".drop-here")) marked.classList.remove("drop-here");
  taker?.classList.add("drop-here");
}
