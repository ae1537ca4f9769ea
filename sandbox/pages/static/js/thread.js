// The thread beside the messages.
import * as api from "./api.js";
import { closedReason } from "./channel_header.js";
import { createComposer } from "./composer.js";
import { h, icon } from "./dom.js";
import { createFeed } from "./feed.js";
import { titleOf } from "./pane.js";
import { channelOf, state } from "./state.js";

export function createThread({ channel, ts, onClose }) {
  const user = state.me.id;
  let stopped = false;
  const feed = createFeed({ channel, label: "Thread", inThread: true });
  const closed = closedReason(channelOf(channel));
  const composer = createComposer({ channel, threadTs: ts, label: "Reply…", onSent: () => feed.toEnd() });
  const node = h("div", { class: "thread-inside", data: { thread: ts }, onkeydown: (event) => event.key === "Escape" && !event.defaultPrevented && onClose() },
    h("header", { class: "pane-header" }, h("h2", { class: "pane-title" }, "Thread", h("small", { dir: "auto" }, titleOf(channel))),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: onClose }, icon("close"))),
    h("div", { class: "feed-frame" }, feed.node), closed ?? composer.node);
  if (!closed) composer.catchDrops(node);

  const refresh = async () => {
    const page = await api.messages({ user, channel, thread_ts: ts, limit: 200 });
    if (stopped) return;
    const ordered = [...page.messages].sort((one, other) => Number(one.ts) - Number(other.ts));
    feed.show(ordered.map((message) => ({ ...message, reply_count: 0 })), { edition: state.edition });
  };
  const stop = () => { stopped = true; feed.stop(); composer.stop(); };
  return { channel, ts, node, refresh, stop, composer };
}
