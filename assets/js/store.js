/** A store: what a part of the page shows now. Panels read it, change it, and subscribe to the keys they draw. */

/**
 * A store that begins with `initial`. With a `parent`, that store's keys can be read, changed and watched through this
 * one, too.
 */
export function createStore(initial, parent = null) {
  let state = Object.freeze({ ...parent?.get(), ...initial });
  const shared = new Set(parent ? Object.keys(parent.get()) : []);
  const subscriptions = new Set();

  function apply(changes) {
    const before = state;
    const changed = Object.keys(changes).filter((key) => !Object.is(before[key], changes[key]));
    if (changed.length === 0) return;
    state = Object.freeze({ ...before, ...changes });
    for (const { keys, listener } of [...subscriptions]) {
      if (keys.some((key) => changed.includes(key))) listener(state, before);
    }
  }

  function set(changes) {
    const keys = Object.keys(changes);
    if (!keys.some((key) => shared.has(key))) return apply(changes); // as in a drag
    const part = (isShared) => keys.filter((key) => shared.has(key) === isShared).map((key) => [key, changes[key]]);
    apply(Object.fromEntries(part(false)));
    parent.set(Object.fromEntries(part(true)));
  }

  /** Call `listener(state, before)` now and whenever one of `keys` changes. */
  function watch(keys, listener) {
    subscriptions.add({ keys, listener });
    listener(state, state);
  }

  parent?.watch([...shared], apply);
  return { get: () => state, set, watch };
}
