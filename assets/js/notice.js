/** Short messages to the person, one line each, in the corner; errors stay longer, and can be closed. */

const SECONDS = { info: 6, error: 30 };

/** Show a message, and return what takes it away early; the same text again only renews it. */
export function notify(text, kind = "info") {
  const list = document.querySelector(".notices") ?? document.body.appendChild(createList());
  const same = [...list.children].find((entry) => entry.firstChild.textContent === text);
  const entry = same ?? createEntry(text, kind);
  list.append(entry);
  clearTimeout(entry.expiry);
  entry.expiry = setTimeout(() => entry.remove(), SECONDS[kind] * 1000);
  return () => entry.remove();
}

/** Outside every panel, since the panels are mounted in no particular order. */
function createList() {
  const list = document.createElement("div");
  list.className = "notices";
  list.setAttribute("role", "status");
  list.setAttribute("aria-live", "polite");
  return list;
}

function createEntry(text, kind) {
  const entry = document.createElement("div");
  entry.className = `notice ${kind}`;
  const close = document.createElement("button");
  close.textContent = "×";
  close.setAttribute("aria-label", "Close this message");
  close.addEventListener("click", () => entry.remove());
  entry.append(Object.assign(document.createElement("span"), { textContent: text }), close);
  return entry;
}

/** Run an action and show what it throws as an error. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    notify(error.message, "error");
    return undefined;
  }
}
