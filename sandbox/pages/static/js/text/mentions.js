// People, channels and broadcasts named in a text.
import { h } from "../dom.js";
import { addressOf, channelOf, nameOf, person, state } from "../state.js";

export function mentionUser(id) {
  const user = person(id);
  const mine = id === state.me?.id;
  return h("span", { class: mine ? "mention mention-me" : "mention", title: user.title || null }, `@${nameOf(user)}`);
}

/** A channel that the person can see is a way to go there; `app.js` follows `data-goto`. */
export function mentionChannel(id, label) {
  const channel = channelOf(id);
  if (channel?.name) {
    const href = state.me ? addressOf({ me: state.me, place: { kind: "channel", id } }) : null;
    return h("a", { href, class: "mention mention-link", data: { goto: id } }, `#${channel.name}`);
  }
  return h("span", { class: "mention" }, label ? `#${label}` : "#private-channel");
}

export function mentionEveryone(range) {
  return h("span", { class: "mention mention-me" }, `@${range}`);
}
