/** What the drawers below the stage have in common: they work only while they are open. */

import { newestFirst } from "./newest.js";
import { canDecode, store, whenDecoding } from "./state.js";

const SETTLE_MS = 250; // what is shown may still be changing, such as in a drag

/**
 * Call `refresh(isNewest)` when `drawer` is opened, and while it is open after any of the store's `keys` has changed,
 * one call at a time. `isNewest()` turns false when another is due. Returns what asks for a refresh.
 */
export function startDrawer(drawer, keys, refresh) {
  let timer = null;
  const run = newestFirst((_, isNewest) => drawer.open && canDecode() && refresh(isNewest));

  function later() {
    clearTimeout(timer);
    timer = setTimeout(run, SETTLE_MS);
  }

  drawer.addEventListener("toggle", later);
  store.watch(keys, later);
  whenDecoding(later);
  return later;
}
