/** What the tools below the stage have in common: one of them is open at a time, and only that one works. */

import { newestFirst } from "./newest.js";
import { canDecode, store, whenDecoding } from "./state.js";

const SETTLE_MS = 250; // what is shown may still be changing, such as in a drag

/** Show a tool's `section` while that tool is the open one. Returns isOpen(). */
export function showWhileOpen(section) {
  const isOpen = () => store.get().tool === section.dataset.name;
  store.watch(["tool"], () => {
    section.hidden = !isOpen();
  });
  return isOpen;
}

/**
 * Call `refresh(isNewest)` when the tool of `section` is opened, and while it is open after any of the store's `keys`
 * has changed, one call at a time. `isNewest()` turns false when another is due. Returns what asks for a refresh.
 */
export function startTool(section, keys, refresh) {
  const isOpen = showWhileOpen(section);
  let timer = null;
  const run = newestFirst((_, isNewest) => isOpen() && canDecode() && refresh(isNewest));

  function later() {
    clearTimeout(timer);
    timer = setTimeout(run, SETTLE_MS);
  }

  store.watch([...keys, "tool"], later);
  whenDecoding(later);
  return later;
}
