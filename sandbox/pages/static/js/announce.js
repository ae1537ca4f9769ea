// What a screen reader is told, and the short notes that appear at the lower edge.
import { h, icon } from "./dom.js";

const KEPT = 20;
const SHOWN_FOR = 6000;

export function announce(lines) {
  const log = document.getElementById("announcer");
  for (const line of lines.slice(-5)) log.append(h("p", {}, line));
  while (log.children.length > KEPT) log.firstChild.remove();
}

export function toast(words) {
  const note = h("div", { class: "toast" }, icon("warning"), words);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), SHOWN_FOR);
}
