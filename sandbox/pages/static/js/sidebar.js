// The coloured column on the left: workspace, channels, people, the app.
import { avatar } from "./avatar.js";
import { h, icon, replace } from "./dom.js";
import { keepFocus } from "./focus.js";
import { nameOf, state } from "./state.js";

const folded = new Set();
let signature = "";

/** Draws the sidebar anew if something in it changed; `go` takes a place, {kind, id}. */
export function showSidebar(root, go) {
  const { channels, dms } = state.view;
  const next = JSON.stringify([state.team, channels, dms, state.place, state.me?.id, [...folded], state.edition, state.app]);
  if (next === signature) return;
  signature = next;
  const again = () => showSidebar(root, go);
  const people = dms.filter((dm) => !dm.user.is_bot);
  const apps = dms.filter((dm) => dm.user.is_bot);
  keepFocus(root, () => replace(root,
    h("div", { class: "team" }, h("span", { class: "team-sign", "aria-hidden": "true" }, [...state.team.name][0]), h("h1", { class: "team-name", dir: "auto" }, state.team.name)),
    h("div", { class: "sidebar-scroll" },
      section("Channels", again, channels.map((channel) => channelEntry(channel, go)), "You are in no channel yet"),
      people.length > 0 && section("Direct messages", again, people.map((dm) => direct(dm, go))),
      section("Apps", again, [state.app?.home_tab !== false && homeEntry(go), state.app?.messages_tab !== false && apps.map((dm) => direct(dm, go))].flat()))));
}

export const unreadTotal = () => [...state.view.dms, ...state.view.channels.filter(({ mention }) => mention)].reduce((sum, { unread }) => sum + (unread || 0), 0);

function section(title, again, entries, nothing) {
  const closed = folded.has(title);
  const toggle = () => {
    if (!folded.delete(title)) folded.add(title);
    again();
  };
  return h("section", { class: closed ? "side-section is-closed" : "side-section" },
    h("h2", {}, h("button", { type: "button", class: "side-title", "aria-expanded": String(!closed), onclick: toggle }, icon("chevron"), title)),
    h("ul", { class: "side-list" }, (entries.length ? entries.filter(Boolean) : nothing ? [h("li", { class: "side-nothing" }, nothing)] : []).filter((entry) => !closed || entry.querySelector("[aria-current], .badge"))));
}

function entry({ id, label, sign, unread, badge, words, onclick, gone }) {
  const here = state.place?.kind === "home" ? id === "home" : state.place?.id === id;
  const classes = ["side-entry", unread && "is-unread", here && "is-here", gone && "is-gone"].filter(Boolean).join(" ");
  return h("li", {}, h("button", { type: "button", class: classes, "aria-current": here ? "page" : null, "aria-label": words, data: { channel: id }, onclick },
    h("span", { class: "side-sign" }, sign), h("span", { class: "side-label", dir: "auto" }, label), badge ? h("span", { class: "badge", "aria-hidden": "true" }, badge > 99 ? "99+" : String(badge)) : null));
}

function homeEntry(go) {
  return entry({ id: "home", label: "App Home", sign: icon("home"), words: "App Home", onclick: () => go({ kind: "home" }) });
}

function channelEntry(channel, go) {
  const count = channel.unread || 0;
  return entry({
    id: channel.id, label: channel.name, sign: icon(channel.is_archived ? "archive" : channel.is_private ? "lock" : "hash"), unread: count > 0,
    badge: channel.mention && (count || 1),
    words: `${channel.is_private ? "Private channel" : "Channel"} ${channel.name}${count ? `, ${count} unread` : ""}`,
    onclick: () => go({ kind: "channel", id: channel.id }),
  });
}

function direct(dm, go) {
  const user = state.users.get(dm.user.id) ?? dm.user;
  const count = dm.unread || 0;
  return entry({
    id: dm.id, label: nameOf(user), sign: avatar(dm.user.is_bot ? { ...user, is_bot: true } : user, { size: "avatar-tiny" }), unread: count > 0, badge: count, gone: user.deleted,
    words: `${dm.user.is_bot ? "App" : "Direct message with"} ${nameOf(user)}${count ? `, ${count} unread` : ""}`,
    onclick: () => go({ kind: "channel", id: dm.id }),
  });
}
