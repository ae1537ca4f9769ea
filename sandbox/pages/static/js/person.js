// "You are: Ana — annotator": who looks at the workspace in this tab, and how to become somebody else.
import { avatar } from "./avatar.js";
import { freshId, h, icon, replace } from "./dom.js";
import { addressOf, nameOf, state } from "./state.js";

export function showPerson(root, become) {
  const { me } = state;
  if (!me) { replace(root); return; }
  const button = h("button", { type: "button", class: "person-button", id: "person-button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => (panel.matches(":popover-open") ? panel.hidePopover() : open()) },
    avatar(me, { size: "avatar-small" }), h("span", { class: "person-text" }, h("span", { class: "person-lead" }, "You are: "), h("b", { dir: "auto" }, nameOf(me)), me.title && h("span", { class: "person-title", dir: "auto" }, ` — ${me.title}`)), icon("chevron"));
  const list = h("div", { class: "person-list" });
  const field = h("input", { class: "menu-filter", type: "search", placeholder: "Find somebody", "aria-label": "Find somebody", oninput: () => fill(), onkeydown: (event) => step(event) });
  const panel = h("div", { class: "person-panel menu", popover: "auto", id: freshId("people"), role: "dialog", "aria-label": "Choose who you are", onkeydown: (event) => step(event) },
    h("p", { class: "person-help" }, "Look at the workspace as somebody else. Each tab may be a different person."),
    h("div", { class: "menu-search" }, icon("search"), field), list);

  const open = () => {
    field.value = "";
    fill();
    panel.showPopover();
    const box = button.getBoundingClientRect();
    panel.style.top = `${box.bottom + 6}px`;
    panel.style.right = `${Math.max(8, innerWidth - box.right)}px`;
    field.focus();
  };
  panel.addEventListener("toggle", (event) => {
    button.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed" && panel.contains(document.activeElement)) button.focus();
  });
  const fill = () => {
    const wanted = field.value.trim().toLowerCase();
    const fitting = everybody().filter((user) => `${nameOf(user)} ${user.name} ${user.title ?? ""}`.toLowerCase().includes(wanted));
    const featured = fitting.filter((user) => user.featured);
    const others = fitting.filter((user) => !user.featured);
    const shown = wanted || !featured.length ? others.slice(0, 60) : [];
    replace(list, featured.map(row), shown.length && featured.length ? h("div", { class: "menu-group" }, "Everybody else") : null, shown.map(row),
      !wanted && featured.length && others.length ? h("div", { class: "person-more" }, `and ${others.length} more: type a name`) : null,
      fitting.length ? null : h("div", { class: "menu-empty" }, "Nobody has that name"));
  };
  const row = (user) => {
    const mine = user.id === me.id;
    return h("div", { class: mine ? "person-row is-me" : "person-row" },
      h("button", { type: "button", class: "person-choice", data: { user: user.id }, "aria-current": mine ? "true" : null, onclick: () => { panel.hidePopover(); if (!mine) become(user); } },
        avatar(user, { size: "avatar-small" }), h("span", { class: "menu-text", dir: "auto" }, nameOf(user), user.title && h("span", { class: "menu-description" }, user.title)), mine && icon("check")),
      h("a", { class: "icon-button", href: addressOf({ me: user }), target: "_blank", rel: "noopener", "aria-label": `Open a new tab as ${nameOf(user)}`, title: "Open in a new tab" }, icon("open")));
  };
  const step = (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const choices = [...list.querySelectorAll(".person-choice")];
    if (event.key === "Enter" && event.target === field && choices.length) choices[0].click();
    if (!move || !choices.length) return;
    event.preventDefault();
    event.stopPropagation();
    const at = choices.indexOf(document.activeElement);
    if (at + move < 0) field.focus();
    else choices[Math.min(choices.length - 1, at + move)].focus();
  };
  replace(root, button, panel);
}

function everybody() {
  return [...state.users.values()]
    .filter((user) => !user.deleted && !user.is_bot && user.id !== state.app?.user_id)
    .sort((one, other) => Number(Boolean(other.featured)) - Number(Boolean(one.featured)) || (one.featured ? 0 : nameOf(one).localeCompare(nameOf(other))));
}
