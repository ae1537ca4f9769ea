// Long text is folded, as Slack does; what a person unfolded stays unfolded when the message changes.
import { h } from "../dom.js";

const LINES = 18;
const LINE_LENGTH = 95;

export function collapsible(text, body, surface, key) {
  const content = h("div", { class: "body" }, body);
  if (surface.neverFolds || heightOf(text) <= LINES + 4) return content;
  const more = h("button", { type: "button", class: "show-more" });
  const show = () => {
    const open = surface.unfolded.has(key);
    content.classList.toggle("folded", !open);
    more.textContent = open ? "Show less" : "Show more";
    more.setAttribute("aria-expanded", String(open));
  };
  more.addEventListener("click", () => {
    if (!surface.unfolded.delete(key)) surface.unfolded.add(key);
    show();
  });
  show();
  return h("div", {}, content, more);
}

function heightOf(text) {
  return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_LENGTH)), 0);
}
