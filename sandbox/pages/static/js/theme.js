// Light or dark: the system decides until the person does; the choice is kept in this browser, for all its tabs.
import { icon, replace } from "./dom.js";

const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function startTheme(button) {
  const show = () => {
    const theme = chosen() ?? fromSystem();
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "light" : "dark";
    replace(button, icon(other === "dark" ? "moon" : "sun"));
    button.setAttribute("aria-label", `Switch to ${other} mode`);
    button.title = `Switch to ${other} mode`;
  };
  button.addEventListener("click", () => {
    choose(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
    show();
  });
  system.addEventListener("change", show);
  addEventListener("storage", (event) => event.key === KEY && show());
  show();
}

function fromSystem() {
  return system.matches ? "dark" : "light";
}

function chosen() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function choose(theme) {
  try {
    if (theme === fromSystem()) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch { document.documentElement.dataset.theme = theme; }
}
