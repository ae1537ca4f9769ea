// The messages of one conversation: fetch, show, load older ones, keep what is read in step.
import * as api from "./api.js";
import { announce } from "./announce.js";
import { avatar } from "./avatar.js";
import { createComposer } from "./composer.js";
import { h, icon } from "./dom.js";
import { createFeed } from "./feed.js";
import { summaryOf } from "./message.js";
import { channelOf, nameOf, state } from "./state.js";

const PAGE = 50;
const MOST = 200;

/** `closed` says why nobody may write here, if nobody may. */
export function createPane({ id, header, closed = null, onThread, onRead }) {
  const messages = new Map();
  const user = state.me.id;
  let hasMore = false;
  let loading = false;
  let newFrom = null;
  let stopped = false;

  const feed = createFeed({ channel: id, label: `Messages in ${titleOf(id)}`, onThread: (message) => onThread(message.thread_ts ?? message.ts), onScroll: () => scrolled() });
  const jump = h("button", { type: "button", class: "jump", hidden: true, onclick: () => { feed.toEnd(); scrolled(); } }, icon("down"), "New messages");
  const composer = createComposer({ channel: id, label: `Message ${titleOf(id)}`, onSent: () => feed.toEnd() });
  const node = h("section", { class: "pane", data: { pane: id } }, header, h("div", { class: "feed-frame" }, feed.node, jump), closed ?? composer.node);
  if (!closed) composer.catchDrops(node);

  const sorted = () => [...messages.values()].sort((one, other) => Number(one.ts) - Number(other.ts) || one.ts.localeCompare(other.ts));
  const show = () => feed.show(sorted(), { newFrom, edition: state.edition, lead: hasMore ? null : leadOf(id) });

  /** Takes in the newest messages (`from` "end") or older ones; what the newest page no longer lists is gone. */
  const take = (page, { from }) => {
    const oldest = page.messages[0]?.ts ?? null;
    const newest = sorted().at(-1)?.ts;
    if (from === "end" && page.has_more && newest && Number(oldest) > Number(newest)) {
      messages.clear();   // more came than one page holds: what lies between is fetched again when scrolled to
      hasMore = true;
    }
    const listed = new Set(page.messages.map(({ ts }) => ts));
    for (const ts of messages.keys()) if (from === "end" && (!page.has_more || Number(ts) >= Number(oldest)) && !listed.has(ts)) messages.delete(ts);
    for (const message of page.messages) messages.set(message.ts, message);
  };

  const open = async () => {
    const unread = channelOf(id)?.unread ?? 0;
    const page = await api.messages({ user, channel: id, limit: PAGE });
    if (stopped) return;
    take(page, { from: "end" });
    hasMore = page.has_more;
    const others = sorted().filter((message) => message.user !== user && !message.ephemeral);
    newFrom = unread && others.length ? others[Math.max(0, others.length - unread)].ts : null;
    show();
    feed.toEnd();
    markRead();
  };

  const refresh = async () => {
    const known = new Set(messages.keys());
    const page = await api.messages({ user, channel: id, limit: Math.min(MOST, Math.max(PAGE, messages.size)) });
    if (stopped) return;
    take(page, { from: "end" });
    if (!known.size) hasMore = page.has_more;
    const fresh = sorted().filter((message) => !known.has(message.ts));
    const others = fresh.filter((message) => message.user !== user);
    if (others.length && document.hidden && !newFrom) newFrom = others[0].ts;
    const follows = feed.atEnd();
    show();
    announce(others.map(summaryOf));
    if (fresh.length && !follows) jump.hidden = false;
    if (others.length) markRead();
  };

  const older = async () => {
    if (!hasMore || loading) return;
    loading = true;
    try {
      const page = await api.messages({ user, channel: id, before: sorted()[0]?.ts, limit: PAGE });
      if (stopped) return;
      take(page, { from: "before" });
      hasMore = page.has_more && page.messages.length > 0;
      show();
    } finally { loading = false; }
    scrolled();
  };

  /** Brings a message into sight, with as many older pages as that takes; false where it is not there. */
  const reveal = async (ts) => {
    while (!messages.has(ts) && hasMore && !loading && !stopped) await older();
    return feed.reveal(ts);
  };

  const scrolled = () => {
    if (feed.atEnd()) jump.hidden = true;
    if (feed.node.scrollTop < 300) older();
  };

  const markRead = async () => {
    if (document.hidden) return;
    await api.read({ user, channel: id });
    onRead(id);
  };
  const seen = () => !document.hidden && markRead();
  document.addEventListener("visibilitychange", seen);

  const stop = () => {
    stopped = true;
    document.removeEventListener("visibilitychange", seen);
    feed.stop();
    composer.stop();
  };
  return { id, node, open, refresh, reveal, stop, composer };
}

export function titleOf(id) {
  const channel = channelOf(id);
  if (!channel) return "this conversation";
  return channel.name ? `#${channel.name}` : nameOf(channel.user);
}

/** What stands above the first message of a conversation. */
function leadOf(id) {
  const channel = channelOf(id);
  if (!channel) return null;
  const title = channel.user ? nameOf(channel.user) : channel.name;
  const sign = channel.user ? avatar(channel.user, { size: "avatar-large" }) : h("span", { class: "lead-sign" }, icon(channel.is_private ? "lock" : "hash"));
  const words = !channel.user
    ? `This is the very beginning of the ${channel.is_private ? "private " : ""}channel #${channel.name}.`
    : channel.user.is_bot ? `Cards and answers from ${title} arrive here.` : `This is the beginning of your conversation with ${title}.`;
  return { signature: title, draw: () => h("div", { class: "lead" }, sign, h("h3", { dir: "auto" }, title), h("p", {}, words)) };
}
