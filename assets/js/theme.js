/** Light or dark: as the system says, or as the person chose, which the browser remembers. */

import { recall, remember } from "./memory.js";
import { store } from "./state.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const CHOICES = {
  auto: { sign: "◐", says: "as the system" },
  light: { sign: "☀", says: "light" },
  dark: { sign: "☾", says: "dark" },
};

let chosen = recall("theme", "localStorage");
if (!(chosen in CHOICES)) chosen = "auto";

function apply() {
  const isDark = chosen === "dark" || (chosen === "auto" && system.matches);
  document.documentElement.dataset.theme = chosen;
  document.body.classList.toggle("dark", isDark); // for Gradio's own components
  store.set({ isDark });
}

/** Let `button` go through the choices, and keep the page at the one that is made. */
export function startTheme(button) {
  const names = Object.keys(CHOICES);

  function show() {
    apply();
    const { sign, says } = CHOICES[chosen];
    button.textContent = `${sign}\ufe0e`; // as a letter, not as a coloured picture
    button.title = `Colours: ${says}`;
    button.setAttribute("aria-label", button.title);
  }

  button.addEventListener("click", () => {
    chosen = names[(names.indexOf(chosen) + 1) % names.length];
    remember("theme", chosen, "localStorage");
    show();
  });
  system.addEventListener("change", apply);
  new MutationObserver(apply).observe(document.body, { attributeFilter: ["class"] }); // Gradio follows the system alone
  show();
}
