/** The person's own pictures: encoded by the model, shown beside what it makes of them, and used as A or B. */

import { attempt, notify } from "./notice.js";
import { isKept, post } from "./server.js";
import { modelStatus, store } from "./state.js";

const IMAGE = /^image\//;

const chooser = Object.assign(document.createElement("input"), { type: "file", accept: "image/*,.heic,.heif", hidden: true });
chooser.setAttribute("aria-label", "Picture file");

/** Open the file chooser for A or B of `view`. */
export function choosePicture(slot, view = store) {
  chooser.onchange = () => {
    const [file] = chooser.files;
    if (file) openPicture(slot, file, view);
    chooser.value = ""; // so that the same file can be chosen again
  };
  chooser.click();
}

/** Encode a picture with the view's model and put it into a slot; what is wrong with it is said in a notice. */
export async function openPicture(slot, file, view = store) {
  const id = await encodePicture(file, view);
  if (id) view.set({ [slot]: id });
}

/** Encode a picture with the view's model; its id, or null where it cannot be: what is wrong is said in a notice. */
export async function encodePicture(file, view = store) {
  const { model, dataset } = view.get();
  const dismiss = notify(`${modelStatus(model).title} is encoding your picture …`);
  const id = await attempt(() => encode(model, dataset, file));
  dismiss();
  if (!id) return null;
  return view.get().model === model ? id : reopen(id, view.get().model); // meanwhile another was chosen
}

/** The same picture in another model: its id there, or null where there is no file or it cannot be encoded. */
export async function reopen(id, model) {
  const { pictures } = store.get();
  const known = pictures.find((picture) => picture.id === id);
  const isSame = (other) => other === known || (known?.file && other.file === known.file);
  const there = pictures.find((other) => isSame(other) && other.model === model);
  if (there && (await isKept("point", { model, point: there.id }))) return there.id;
  if (known?.file) return (await attempt(() => encode(model, modelStatus(model).dataset.name, known.file))) ?? null;
  if (known) {
    const [maker, other] = [known.model, model].map((name) => modelStatus(name).title);
    const reason = maker === other ? "the server has forgotten it" : `it is a latent of ${maker}, which means nothing to ${other}`;
    notify(`“${known.name}” was dropped: it was made here and has no picture file, and ${reason}.`);
  }
  return null;
}

/** Its place is on the map of `dataset`. */
async function encode(model, dataset, file) {
  const answer = await post("upload", { model, dataset }, file);
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
    if (!file || event.defaultPrevented) return; // a card or a tool has taken it
    event.preventDefault(); // the browser would leave the page to show the file
    openPicture(event.target.closest("[data-card]")?.dataset.card ?? store.get().slot, file);
  });
}

/** Show what would take a dragged file: the card or tool under it; elsewhere it becomes the active slot's. */
function mark(taker) {
  for (const marked of document.querySelectorAll(".drop-here")) marked.classList.remove("drop-here");
  taker?.classList.add("drop-here");
}
