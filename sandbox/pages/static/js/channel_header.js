// What stands above the messages: the name of the conversation, and what can be done with it.
import * as api from "./api.js";
import { toast } from "./announce.js";
import { avatar } from "./avatar.js";
import { confirmed } from "./confirm.js";
import { h, icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { drawPins } from "./pins.js";
import { appConversation, channelOf, nameOf, state } from "./state.js";
import { inWords } from "./surface.js";

/** `go` takes a place, {kind, id}; `onPin` the ts of a pinned message. */
export function headerOf(id, go, { onPin }) {
  const channel = channelOf(id);
  if (channel?.user?.is_bot) return appHeader("messages", go, channel);
  const sign = channel?.user ? avatar(channel.user, { size: "avatar-small" }) : icon(channel?.is_private ? "lock" : "hash");
  const title = channel?.user && state.users.get(channel.user.id)?.title;
  return h("header", { class: "pane-header" },
    h("h2", { class: "pane-title" }, sign, h("span", { dir: "auto" }, channel?.user ? nameOf(channel.user) : channel?.name ?? "Conversation"), title && h("small", { dir: "auto" }, title)),
    channel?.name && tools(channel, onPin));
}

export function appHeader(tab, go, channel = appConversation()) {
  const tabOf = (name, label, place) => h("button", { type: "button", class: "tab", role: "tab", "aria-selected": String(tab === name), disabled: !place, onclick: () => go(place) }, label);
  return h("header", { class: "pane-header has-tabs" },
    h("h2", { class: "pane-title" }, h("span", { class: "avatar avatar-app avatar-small", "aria-hidden": "true" }, icon("app")), h("span", { dir: "auto" }, state.app?.name ?? "App"), h("span", { class: "app-badge" }, "APP")),
    h("div", { class: "tabs", role: "tablist", "aria-label": "App" },
      state.app?.home_tab !== false && tabOf("home", "Home", { kind: "home" }),
      state.app?.messages_tab !== false && tabOf("messages", "Messages", channel && { kind: "channel", id: channel.id })));
}

/** The bar in the composer's place where nobody may write; null where one may. */
export function closedReason(channel) {
  if (channel?.is_archived) return h("div", { class: "composer-closed" }, icon("archive"), h("span", {}, "This channel is archived: everything can still be read."), h("button", { type: "button", class: "button", onclick: () => run(channel, "/unarchive") }, "Unarchive"));
  if (channel?.user?.is_bot && state.app?.messages_tab === false) return h("div", { class: "composer-closed" }, icon("warning"), "Sending messages to this app has been turned off.");
  return null;
}

function tools(channel, onPin) {
  const app = state.app?.name ?? "the app";
  const add = !channel.bot && !channel.is_archived && h("button", { type: "button", class: "button button-small", onclick: () => run(channel, `/invite ${state.app.user_id}`) }, icon("plus"), `Add ${app}`);
  const more = h("button", { type: "button", class: "icon-button", title: "Channel", "aria-label": `What to do with #${channel.name}`, "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => openMenu({ anchor: more, label: `Channel ${channel.name}`, choices: choicesOf(channel, app), onPick: ({ act }) => act() }) }, icon("more"));
  return h("div", { class: "pane-tools" }, drawPins(channel.id, onPin), channel.is_archived && h("span", { class: "pane-note" }, "archived"), add, more);
}

function choicesOf(channel, app) {
  const choice = (id, label, description, act) => ({ id, label, description, act });
  return [
    channel.bot
      ? choice("remove", `Remove ${app}`, "It no longer sees what is said here", () => run(channel, `/remove ${state.app.user_id}`))
      : choice("add", `Add ${app}`, "It sees what is said here, and may post", () => run(channel, `/invite ${state.app.user_id}`)),
    channel.is_archived
      ? choice("unarchive", "Unarchive channel", "People and apps may write again", () => run(channel, "/unarchive"))
      : choice("archive", "Archive channel", "Nobody writes here any more", () => archive(channel)),
  ];
}

async function archive(channel) {
  const text = (words) => ({ type: "plain_text", text: words });
  const sure = await confirmed({ title: text("Archive this channel?"), text: text(`Everything in #${channel.name} stays readable. Nobody, and no app, can write there until it is unarchived.`), confirm: text("Archive"), deny: text("Cancel") }, { dangerous: true });
  if (sure) run(channel, "/archive");
}

async function run(channel, text) {
  const answer = await api.command({ user: state.me.id, channel: channel.id, text });
  if (!answer.ok) toast(inWords(answer.error));
}
