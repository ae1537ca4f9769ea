// What is pinned in a channel: how much, and a list that leads to each message.
import * as api from "./api.js";
import { h, icon, replace } from "./dom.js";
import { openMenu } from "./menu.js";
import { shownBy } from "./message.js";
import { channelOf, state } from "./state.js";
import { shortMoment } from "./text/dates.js";

/** A button with the number of pins, hidden while there are none. */
export function drawPins(id, onPin) {
  const button = h("button", { type: "button", class: "pins", "aria-haspopup": "menu", "aria-expanded": "false", data: { pins: id }, onclick: () => open(button, id, onPin) });
  showPins(button);
  return button;
}

/** The number as it is now. */
export function showPins(button) {
  if (!button) return;
  const channel = channelOf(button.dataset.pins);
  const many = channel?.pins ?? 0;
  const words = `${many} pinned ${many === 1 ? "message" : "messages"}`;
  button.hidden = !many;
  if (button.title === words) return;
  Object.assign(button, { title: words, ariaLabel: `${words} in #${channel?.name}` });
  replace(button, icon("pin"), h("span", {}, String(many)));
}

async function open(button, id, onPin) {
  const { messages } = await api.pins({ user: state.me.id, channel: id });
  const choices = messages.map((message) => {
    const { name, text } = shownBy(message);
    return { id: message.ts, label: text, description: `${name}, ${shortMoment(message.ts)}`, thread: message.thread_ts };
  });
  openMenu({ anchor: button, label: "Pinned messages", choices, onPick: (choice) => onPin(choice) });
}
