// A list of messages that follows its data: what did not change keeps its elements, and the scroll stays put.
import { h } from "./dom.js";
import { keepFocus } from "./focus.js";
import { drawMessage } from "./message.js";
import { createSurface } from "./surface.js";
import { dayKey, dayTitle } from "./text/dates.js";

const TOGETHER = 5 * 60;
const NEAR_END = 60;

/** `channel` is where the messages are; in a thread no day lines are drawn; `onScroll` is told after the person scrolled. */
export function createFeed({ channel, label, inThread = false, onThread, onScroll }) {
  const list = h("div", { class: "feed-list", role: "feed", "aria-label": label, "aria-busy": "false" });
  const scroller = h("div", { class: "feed", tabindex: "0" }, list);
  const nodes = new Map();
  const surfaces = new Map();
  let following = true;

  const toEnd = () => { scroller.scrollTop = scroller.scrollHeight; following = true; };
  const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_END;
  scroller.addEventListener("scroll", () => { following = atEnd(); onScroll?.(); }, { passive: true });
  const watcher = new ResizeObserver(() => following && toEnd());
  watcher.observe(list);
  watcher.observe(scroller);

  const surfaceOf = ({ ts, state }) => {
    if (!surfaces.has(ts)) surfaces.set(ts, createSurface({ channel, ts }));
    return Object.assign(surfaces.get(ts), { known: state ?? {} });
  };

  const nodeOf = ({ key, signature, draw }) => {
    const known = nodes.get(key);
    if (known?.signature === signature) return known.node;
    const node = draw();
    if (known) keepPictures(known.node, node);
    if (known) keepFocus(known.node.parentNode ?? list, () => known.node.replaceWith(node));
    nodes.set(key, { node, signature });
    return node;
  };

  /** Shows `messages` (oldest first), with a "New" line before the one whose ts is `newFrom`; `lead` comes above all. */
  const show = (messages, { newFrom = null, lead = null, edition = 0 } = {}) => {
    const wasFollowing = following;
    const anchor = wasFollowing ? null : firstVisible();
    const entries = (inThread ? threadOf : entriesOf)(messages, newFrom, lead, (message, compact) => ({
      key: message.ts,
      signature: JSON.stringify([message, compact, edition]),
      draw: () => drawMessage(message, { compact, inThread, onThread, surface: surfaceOf(message) }),
    }));
    const wanted = new Set(entries.map(({ key }) => key));
    for (const [key, { node }] of nodes) if (!wanted.has(key)) { node.remove(); nodes.delete(key); surfaces.delete(key); }
    let spot = list.firstChild;
    for (const entry of entries) {
      const before = nodes.get(entry.key)?.node;
      const node = nodeOf(entry);
      if (spot && spot === before) spot = node;
      if (spot && spot === node) spot = node.nextSibling;
      else list.insertBefore(node, spot);
    }
    if (wasFollowing) toEnd();
    else if (anchor?.node.isConnected) scroller.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
  };

  /** Brings a message into sight and marks it for a moment. */
  const reveal = (ts) => {
    const node = nodes.get(ts)?.node;
    if (!node) return false;
    following = false;
    node.scrollIntoView({ block: "center" });
    node.classList.add("is-sought");
    node.addEventListener("animationend", () => node.classList.remove("is-sought"), { once: true });
    return true;
  };

  const firstVisible = () => {
    const top = scroller.getBoundingClientRect().top;
    const node = [...list.querySelectorAll(".message")].find((child) => child.getBoundingClientRect().bottom > top);
    return node && { node, top: node.getBoundingClientRect().top };
  };

  return { node: scroller, show, toEnd, atEnd, reveal, stop: () => watcher.disconnect() };
}

/** A picture that was already shown moves into the new message: drawn anew it would flicker. */
function keepPictures(before, after) {
  const shown = [...before.querySelectorAll("img")];
  for (const picture of after.querySelectorAll("img")) {
    const same = shown.find((one) => one.src === picture.src && one.alt === picture.alt && one.className === picture.className);
    if (same) picture.replaceWith(shown.splice(shown.indexOf(same), 1)[0]);
  }
}

function entriesOf(messages, newFrom, lead, entryOf) {
  const entries = lead ? [{ key: "lead", signature: lead.signature, draw: lead.draw }] : [];
  let before = null;
  for (const message of messages) {
    const newDay = !before || dayKey(before.ts) !== dayKey(message.ts);
    const isNew = message.ts === newFrom;
    if (newDay) entries.push(dayLine(message.ts, isNew));
    else if (isNew) entries.push(newLine());
    entries.push(entryOf(message, !newDay && !isNew && belongsTo(before, message)));
    before = message;
  }
  return entries;
}

/** A thread: its first message, a line that counts the replies, the replies. */
function threadOf(messages, _newFrom, _lead, entryOf) {
  const [root, ...replies] = messages;
  if (!root) return [];
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  const line = { key: "count", signature: count, draw: () => h("div", { class: "replies-line", role: "separator", "aria-label": count }, h("span", {}, count)) };
  return [entryOf(root, false), ...(replies.length ? [line] : []), ...replies.map((message, index) => entryOf(message, index > 0 && belongsTo(replies[index - 1], message)))];
}

/** Whether a message joins the one above it, without picture and name; a card stands on its own. */
function belongsTo(before, message) {
  return !message.blocks?.length && !before.blocks?.length && before.user === message.user && Boolean(before.bot) === Boolean(message.bot) && !before.ephemeral && !message.ephemeral
    && !message.pinned && !before.reply_count && Number(message.ts) - Number(before.ts) < TOGETHER;
}

function dayLine(ts, isNew) {
  const title = dayTitle(ts);
  return {
    key: `day-${dayKey(ts)}`,
    signature: `${title} ${isNew}`,
    draw: () => h("div", { class: isNew ? "day is-new" : "day", role: "separator", "aria-label": isNew ? `${title}, new messages` : title }, h("span", {}, title), isNew && h("b", {}, "New")),
  };
}

function newLine() {
  return { key: "new", signature: "new", draw: () => h("div", { class: "new-line", role: "separator", "aria-label": "New messages" }, h("span", {}, "New")) };
}
