// What is offered while somebody types: the app's commands after "/", people after "@".
import { avatar } from "./avatar.js";
import { freshId, h, icon, replace } from "./dom.js";
import { nameOf, state } from "./state.js";

const MOST = 8;

export function createHints(field, { inThread, onTaken }) {
  const id = freshId("hints");
  const node = h("div", { class: "hints", id, role: "listbox", "aria-label": "Suggestions", hidden: true });
  let offers = [];
  let active = 0;

  const close = () => {
    offers = [];
    node.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const draw = () => {
    node.hidden = !offers.length;
    if (!offers.length) { close(); return; }
    replace(node, offers.map((offer, index) => h("div", {
      class: index === active ? "hint-item is-active" : "hint-item", role: "option", id: `${id}-${index}`, "aria-selected": String(index === active),
      onpointerdown: (event) => { event.preventDefault(); take(offer); },
    }, offer.sign, h("strong", { dir: "auto" }, offer.label), offer.note && h("span", { class: "hint-note" }, offer.note))));
    field.setAttribute("aria-activedescendant", `${id}-${active}`);
  };
  const take = (offer) => {
    field.setRangeText(offer.text, offer.from, field.selectionStart, "end");
    close();
    field.focus();
    onTaken();
  };
  const update = () => {
    active = 0;
    offers = document.activeElement === field ? offersFor(field, inThread) : [];
    draw();
  };
  /** Whether the key was for the list. */
  const key = (event) => {
    if (!offers.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) active = (active + step + offers.length) % offers.length;
    else if (event.key === "Tab" || (event.key === "Enter" && !offers[active].whole)) { event.preventDefault(); take(offers[active]); return true; }
    else if (event.key === "Escape") { close(); event.preventDefault(); return true; }
    else return false;
    event.preventDefault();
    draw();
    return true;
  };
  field.addEventListener("blur", close);
  return { node, update, key, close };
}

function offersFor(field, inThread) {
  const before = field.value.slice(0, field.selectionStart);
  const mention = before.match(/(?:^|[\s(])@([\p{L}\p{N} ._-]{0,30})$/u);
  if (mention) return people(mention[1].toLowerCase(), before.length - mention[1].length - 1);
  return !inThread && before.startsWith("/") ? commands(before) : [];
}

function commands(typed) {
  const own = [{ command: "/invite", label: "Add people or the app to this channel" }, { command: "/remove", label: "Take somebody or the app out" }, { command: "/rename", label: "Give the channel another name" }, { command: "/archive", label: "Close the channel" }, { command: "/leave", label: "Leave the channel" }];
  const known = [{ command: state.app?.command, label: state.app?.name }, ...state.pageButtons, ...own].filter(({ command }) => command);
  const fitting = known.filter(({ command }) => command.startsWith(typed) && command !== typed);
  const unique = [...new Map(fitting.map((offer) => [offer.command, offer])).values()];
  // Enter sends what is already a command or has words after it; otherwise it takes the suggestion.
  const whole = typed.includes(" ") || known.some(({ command }) => command === typed);
  return unique.slice(0, MOST).map(({ command, label }) => ({ label: command, note: label, text: `${command} `, from: 0, whole, sign: icon("slash") }));
}

function people(typed, from) {
  const app = state.app ? [{ id: state.app.user_id, name: state.app.handle, real_name: state.app.handle, title: "App", is_bot: true }] : [];
  return [...state.users.values(), ...app]
    .filter((user) => !user.deleted && (nameOf(user).toLowerCase().startsWith(typed) || user.name?.toLowerCase().startsWith(typed)))
    .filter((user) => nameOf(user).toLowerCase() !== typed.trimEnd())
    .sort((one, other) => Number(Boolean(other.featured)) - Number(Boolean(one.featured)))
    .slice(0, MOST)
    .map((user) => ({ label: nameOf(user), note: user.title, text: `@${nameOf(user)} `, from, sign: avatar(user, { size: "avatar-tiny" }) }));
}
