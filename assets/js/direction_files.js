/** Directions as files: saved from the rack, and loaded onto it. */

import { attempt, notify } from "./notice.js";
import { addDirection } from "./rack.js";
import { getFile, post } from "./server.js";
import { store } from "./state.js";

const chooser = Object.assign(document.createElement("input"), { type: "file", accept: ".safetensors", hidden: true });
chooser.setAttribute("aria-label", "File of directions");
document.body.append(chooser);

/** Download the directions that the person made, and the built-in ones that are moved. */
export function saveRack() {
  const { model, rack } = store.get();
  const ids = rack.filter(({ info, strength }) => !info.built_in || strength !== 0).map(({ id }) => id);
  if (ids.length === 0) {
    notify("There is nothing to save yet: make a direction, or move a slider.");
    return;
  }
  attempt(async () => {
    const address = URL.createObjectURL(await getFile("directions.safetensors", { model, ids: ids.join(",") }));
    Object.assign(document.createElement("a"), { href: address, download: `${model}-directions.safetensors` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000); // when the download has surely begun
    notify(`${count(ids)} saved, with where they come from, but not how far they are moved.`);
  });
}

/** Open the file chooser, and put what a file holds onto the rack. */
export function chooseFile() {
  chooser.onchange = () => {
    const [file] = chooser.files;
    if (file) attempt(() => loadFile(file));
    chooser.value = ""; // so that the same file can be chosen again
  };
  chooser.click();
}

async function loadFile(file) {
  const { model } = store.get();
  const most = store.get().status.limits.direction_file_mb; // larger ones are refused only after they are sent
  if (file.size > most * 2 ** 20) throw new Error(`${file.name} is too large: expected at most ${most} MB.`);
  const { directions } = await post("load-directions", { model }, file);
  if (store.get().model !== model) return; // they belong to the model that was left
  const full = directions.findIndex((info) => !addDirection(info)); // which says so
  const loaded = full < 0 ? directions : directions.slice(0, full);
  if (loaded.length > 0) notify(`${count(loaded)} loaded.`);
}

const count = ({ length }) => `${length} direction${length === 1 ? "" : "s"}`;
