// One message: who, when, what it says, its files, its thread.
import { avatar } from "./avatar.js";
import { collapsible } from "./blocks/collapsible.js";
import { drawBlocks } from "./blocks/index.js";
import { h, icon } from "./dom.js";
import { drawFiles } from "./files.js";
import { isBot, nameOf, person, state } from "./state.js";
import { agoOf, momentOf, shortMoment, timeOf } from "./text/dates.js";
import { emojiOf } from "./text/emoji.js";
import { entities, mrkdwn, plainOf } from "./text/mrkdwn.js";

/** `compact` leaves out picture and name: the same person has just spoken. `onThread` is absent inside a thread. */
export function drawMessage(message, { compact, inThread, surface, onThread }) {
  const author = authorOf(message);
  const bot = isAppMessage(message);
  const classes = ["message", compact && "compact", message.ephemeral && "ephemeral", message.pinned && "pinned"];
  const time = h("time", { class: "message-time", title: momentOf(message.ts) }, inThread && !compact ? shortMoment(message.ts) : timeOf(message.ts));
  const gutter = h("div", { class: "gutter" }, compact ? time : avatar(author));
  const byline = !compact && h("div", { class: "byline" },
    h("span", { class: "author", dir: "auto" }, nameOf(author)), bot && h("span", { class: "app-badge" }, "APP"), time);
  return h("article", { class: classes.filter(Boolean).join(" "), role: "article", "aria-label": `${nameOf(author)}, ${timeOf(message.ts)}`, data: { ts: message.ts } },
    message.pinned && h("div", { class: "message-note" }, icon("pin"), "Pinned"),
    message.ephemeral && h("div", { class: "message-note" }, icon("eye"), "Only visible to you"),
    h("div", { class: "message-row" }, gutter, h("div", { class: "message-body" },
      byline, contentOf(message, surface), drawFiles(message.files), reactionsOf(message), onThread && threadBar(message, onThread))),
    onThread && !message.ephemeral && h("div", { class: "message-tools" },
      h("button", { type: "button", class: "icon-button", title: "Reply in thread", "aria-label": "Reply in thread", onclick: () => onThread(message) }, icon("reply"))));
}

function authorOf(message) {
  if (isAppMessage(message)) {
    const name = message.bot?.name ?? state.app?.name;
    return { id: message.user ?? state.app?.user_id, name, real_name: name, is_bot: true };
  }
  return person(message.user);
}

const isAppMessage = (message) => Boolean(message.bot) || isBot(message.user);

/** Who said a message, and what it says in one line of plain text. */
export const shownBy = (message) => ({
  name: nameOf(authorOf(message)),
  text: plainOf(message.text || (message.files?.length ? `sent ${message.files.map((file) => file.name).join(", ")}` : "sent a card")).slice(0, 300),
});

/** A message in one line, for announcements. */
export const summaryOf = (message) => {
  const { name, text } = shownBy(message);
  return `${name}: ${text}`;
};

function contentOf(message, surface) {
  const edited = message.edited && !isAppMessage(message) && h("span", { class: "edited" }, " (edited)");
  if (message.blocks?.length) return h("div", { class: "blocks" }, drawBlocks(message.blocks, surface), edited);
  if (!message.text) return edited;
  return h("div", { class: "text" }, collapsible(entities(message.text), mrkdwn(message.text), surface, "text"), edited);
}

function reactionsOf(message) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((reaction) => {
    const people = (reaction.users ?? []).map((id) => nameOf(person(id))).join(", ");
    const mine = reaction.users?.includes(state.me?.id);
    return h("span", { class: mine ? "reaction reaction-mine" : "reaction", title: people, "aria-label": `${reaction.name.replaceAll("_", " ")}: ${people || reaction.count}` },
      emojiOf(reaction.name) ?? `:${reaction.name}:`, h("b", {}, String(reaction.count ?? reaction.users?.length ?? 1)));
  }));
}

function threadBar(message, onThread) {
  if (!message.reply_count) return null;
  const people = (message.reply_users ?? []).slice(0, 4).map((id) => avatar(person(id), { size: "avatar-tiny" }));
  const replies = `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "thread-bar", onclick: () => onThread(message) }, people, h("strong", {}, replies),
    h("span", { class: "thread-ago" }, message.latest_reply ? `Last reply ${agoOf(message.latest_reply)}` : "View thread"), icon("chevron-right"));
}
