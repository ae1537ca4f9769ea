// Coloured squares with initials; the app has its sign.
import { h, icon } from "./dom.js";
import { isBot, nameOf } from "./state.js";

const PALETTE = ["#7a5af0", "#2c8a5b", "#c8443f", "#2f8792", "#8a6424", "#c24d80", "#b27a16", "#5b4a86", "#3f74c2", "#5a7a2a"];

export function avatar(user, { size = "" } = {}) {
  const bot = user.is_bot || isBot(user.id);
  const node = h("span", { class: `avatar ${size} ${bot ? "avatar-app" : ""}`, "aria-hidden": "true" }, bot ? icon("app") : initials(nameOf(user)));
  if (!bot) node.style.setProperty("--colour", colourOf(user));
  return node;
}

export function colourOf(user) {
  if (/^#?[0-9a-f]{6}$/i.test(user.color ?? "")) return `#${user.color.replace("#", "")}`;
  const sum = [...String(user.id)].reduce((total, sign) => (total * 31 + sign.codePointAt(0)) % 9973, 7);
  return PALETTE[sum % PALETTE.length];
}

function initials(name) {
  const words = name.trim().split(/[\s._-]+/u).filter(Boolean);
  const first = [...(words[0] ?? "?")][0];
  const second = words.length > 1 ? [...words.at(-1)][0] : "";
  return (first + second).toUpperCase();
}
