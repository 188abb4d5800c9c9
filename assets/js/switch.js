/**
 * Which model a view shows, and which one it is on its way to. There is one wish at a time: the newest. Whatever comes
 * for another, in whatever order, changes nothing, and so every order of choices ends where the last one points.
 */

import { UnreachableError } from "./server.js";
import { modelStatus } from "./state.js";

/**
 * Returns `choose(name, wish)`, which resolves when the view shows that model, or will not. The view's `pending` is the
 * model that it waits for, while the old one goes on. After the connection was lost, and where the server has let go of
 * the model, the same way is gone again to what was chosen last.
 *
 * What lies behind it is {prepare, nextStatus, arrive, say}: `prepare(name, dataset)` has the server load a model, `nextStatus()`
 * resolves when it has said more; `arrive(name, wish)` resolves to what changes in the view with the model's arrival;
 * `say(error)` tells the person why there is none.
 */
export function createSwitch(view, behind) {
  let wanted = null; // {name, wish, isUnderWay}

  async function choose(name, wish = {}) {
    const mine = (wanted = { name, wish, isUnderWay: true });
    const isWanted = () => mine === wanted;
    const { dataset = null } = wish;
    const isHere = name === view.get().model && (dataset === null || dataset === view.get().dataset);
    view.set({ pending: isHere ? null : name, pendingDataset: dataset });
    let changes = {};
    try {
      changes = { model: name, ...(await travel(view, behind, mine, isWanted)) };
    } catch (error) {
      if (isWanted()) behind.say(error);
    }
    if (!isWanted()) return;
    const shown = { ...view.get(), ...changes };
    wanted = { name: shown.model, wish: shown.dataset ? { dataset: shown.dataset } : {}, isUnderWay: false };
    view.set({ ...changes, pending: null, pendingDataset: null });
  }

  view.watch(["status", "connection", "model", "pending"], (state, before) => {
    const entry = state.connection === "open" && modelStatus(state.pending ?? state.model, state);
    if (!entry || !wanted) return;
    const isLost = before.connection === "lost" || (entry.state === "absent" && !wanted.isUnderWay);
    if (isLost) choose(wanted.name, wanted.wish);
    else if (entry.state === "loading") behind.nextStatus();
  });
  return choose;
}

/** What changes in the view with the wanted model's arrival; a server out of reach is asked again when it is back. */
async function travel(view, behind, mine, isWanted) {
  const { name, wish } = mine;
  try {
    const { decodes: isLoaded, dataset } = modelStatus(name) ?? {};
    const isAsWished = isLoaded && (!wish.dataset || dataset.name === wish.dataset);
    const isInUse = view.get().model === null && isAsWished; // the server's own first choice
    if (!isInUse) await behind.prepare(name, wish.dataset);
    const isLost = () => view.get().connection === "lost"; // once it is open, this way is gone anew
    while (isWanted() && (isLost() || !decodes(name, wish.dataset))) await behind.nextStatus();
    return isWanted() ? await behind.arrive(name, wish) : {};
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    await behind.nextStatus();
    return isWanted() ? travel(view, behind, mine, isWanted) : {};
  }
}

/** Whether a model decodes, and has the data set that is wished, if any is. Throws where it never will. */
function decodes(name, wished) {
  const { title, decodes: isLoaded, state, message, dataset, datasets = [] } = modelStatus(name);
  const isToBeHad = !wished || datasets.length === 0 || datasets.includes(wished); // none are known until it is loaded
  if (!isToBeHad) throw new Error(`${title} cannot show the data set “${wished}”: it has ${datasets.join(", ")}.`);
  if (state === "failed") throw new Error(`${title} cannot be used: ${message}`);
  return isLoaded && (!wished || dataset.name === wished);
}
