/** The tool “My images”: open pictures or the camera, and see what the model makes of each. */

import { openCamera } from "./camera.js";
import { choosePicture, startPictures } from "./pictures.js";
import { ready } from "./session.js";
import { choosePoint, store } from "./state.js";
import { showWhileOpen } from "./tool.js";

export async function mount(element) {
  await ready;
  startPictures();
  const camera = element.querySelector("dialog");
  for (const button of element.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => choosePicture(button.dataset.open));
  }
  for (const button of element.querySelectorAll("[data-camera]")) {
    button.addEventListener("click", () => openCamera(camera, button.dataset.camera));
  }
  showWhileOpen(element.querySelector(".tool"));
  const list = element.querySelector(".pictures");
  const template = element.querySelector("template");
  store.watch(["pictures", "model"], ({ pictures, model }, before) => {
    const own = pictures.filter((picture) => picture.model === model);
    list.replaceChildren(...own.map((picture) => createEntry(template, picture)));
    if (pictures.length === before.pictures.length || !pictures[0].file) return; // what was made is shown elsewhere
    if (store.get().tool === null) store.set({ tool: "my_images" }); // another that is open may have asked for it
    list.scrollIntoView({ block: "nearest" });
  });
}

function createEntry(template, picture) {
  const { id, file, original } = picture;
  const entry = template.content.cloneNode(true).firstElementChild;
  const { name, reconstruction, verdict, notes, known } = file ? nameUpload(picture) : describeMade(picture);
  entry.querySelector("[data-original]").src = original;
  entry.querySelector("[data-original]").closest("figure").hidden = !file;
  entry.querySelector("[data-reconstruction]").src = reconstruction;
  entry.querySelector("[data-psnr]").textContent = name;
  entry.querySelector("[data-verdict]").textContent = verdict;
  entry.querySelector("[data-notes]").textContent = notes.join(" ");
  entry.classList.toggle("unknown", !known);
  entry.classList.toggle("made", !file);
  entry.dataset.id = id;
  for (const button of entry.querySelectorAll("[data-use]")) {
    button.addEventListener("click", () => choosePoint(id, button.dataset.use));
  }
  return entry;
}

const nameUpload = (picture) => ({ ...picture, name: picture.psnr === null ? "" : `${picture.psnr.toFixed(1)} dB` });

/** A point that was made here: it is what the model decodes, and there is nothing to compare it with. */
function describeMade({ name, original }) {
  const verdict = "Made here: a latent of this model, without a picture file that another could encode.";
  return { name, reconstruction: original, verdict, notes: [], known: true };
}
