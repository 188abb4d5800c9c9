/** What the browser remembers for a person; one that may not remember anything loses only that. */

/** `storage` is "localStorage", or "sessionStorage" for this tab alone; null is what is not known. */
export function recall(key, storage) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null; // to ask for a storage is refused where cookies are
  }
}

/** A null is forgotten. */
export function remember(key, value, storage) {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch {
    // nothing depends on it
  }
}
