// Every kind of select: one or several, from given options, from the app, from people or from conversations.
import { colourOf } from "../avatar.js";
import { h, icon } from "../dom.js";
import { openMenu } from "../menu.js";
import { nameOf, state } from "../state.js";
import { plainText } from "../text/mrkdwn.js";

const people = () => [...state.users.values()].filter((user) => !user.deleted)
  .map((user) => ({ id: user.id, label: nameOf(user), description: user.title, colour: colourOf(user) }));
const choiceOfChannel = (channel) => ({ id: channel.id, label: `${channel.is_private ? "🔒" : "#"} ${channel.name}`, description: channel.is_archived ? "archived" : "" });
const channels = () => state.view.channels.filter((channel) => !channel.is_private).map(choiceOfChannel);

/** Where `filter` lets in: public and private channels, direct messages, those with the app or without. */
function conversations({ include, exclude_bot_users: noBots } = {}) {
  const kinds = include ?? ["public", "private", "im"];
  const places = state.view.channels.filter((channel) => kinds.includes(channel.is_private ? "private" : "public")).map(choiceOfChannel);
  const people = state.view.dms.filter((dm) => kinds.includes("im") && !(noBots && dm.user.is_bot)).map((dm) => ({ id: dm.id, label: nameOf(dm.user) }));
  return [...places, ...people];
}
const chosenOption = (option) => ({ id: option.value, label: plainText(option.text), option });

const OPTIONS = { one: "selected_option", many: "selected_options", kept: (choice) => choice.option, choiceOf: chosenOption, first: "option" };
const byId = (one, many, first, list) => ({ one, many, first, list, kept: (choice) => choice.id, choiceOf: (id) => list().find((choice) => choice.id === id) ?? { id, label: id } });
const USERS = byId("selected_user", "selected_users", "user", people);
const CONVERSATIONS = byId("selected_conversation", "selected_conversations", "conversation", (element) => conversations(element?.filter));
const CHANNELS = byId("selected_channel", "selected_channels", "channel", channels);

export const SELECTS = {
  static_select: OPTIONS,
  multi_static_select: OPTIONS,
  external_select: OPTIONS,
  multi_external_select: OPTIONS,
  users_select: USERS,
  multi_users_select: USERS,
  conversations_select: CONVERSATIONS,
  multi_conversations_select: CONVERSATIONS,
  channels_select: CHANNELS,
  multi_channels_select: CHANNELS,
};

export function select(element, block, surface, { form, name, describedBy } = {}) {
  const kind = SELECTS[element.type];
  const many = element.type.startsWith("multi_");
  const slot = many ? kind.many : kind.one;
  const held = surface.hold(block, element, element.type, { [slot]: firstValue(element, kind, many) });
  let chosen = (many ? held[slot] ?? [] : [held[slot]].filter(Boolean)).map(kind.choiceOf);

  const label = h("span", { class: "select-value", dir: "auto" });
  const placeholder = plainText(element.placeholder) || (many ? "Select options" : "Select an option");
  const node = h("button", {
    type: "button",
    class: "select",
    role: "combobox",
    "aria-haspopup": "listbox",
    "aria-expanded": "false",
    "aria-describedby": describedBy,
    data: { actionId: element.action_id },
    autofocus: element.focus_on_load,
    onclick: () => open(),
    onkeydown: (event) => ["ArrowDown", "ArrowUp"].includes(event.key) && (event.preventDefault(), open()),
  }, label, icon("chevron"));

  const show = () => {
    node.classList.toggle("is-empty", !chosen.length);
    label.replaceChildren(...(many && chosen.length ? chosen.map((choice) => h("span", { class: "chip" }, choice.label)) : [chosen[0]?.label ?? placeholder]));
    const words = chosen.map((choice) => choice.label).join(", ") || placeholder;
    if (name) node.setAttribute("aria-labelledby", `${name} ${label.id ||= `${name}-value`}`);
    else node.setAttribute("aria-label", element.accessibility_label ? `${element.accessibility_label}: ${words}` : words);
  };
  const take = (choices, { tell }) => {
    chosen = choices;
    const value = { [slot]: many ? chosen.map(kind.kept) : chosen[0] ? kind.kept(chosen[0]) : null };
    surface.enter(block, element, value);
    show();
    if (tell && !form) surface.act({ block, element, control: node, payload: value });
  };
  const open = () => {
    const before = JSON.stringify(chosen.map((choice) => choice.id));
    openMenu({
      anchor: node,
      label: placeholder,
      many,
      filter: true,
      most: element.max_selected_items,
      selected: chosen,
      ...sourceOf(element, block, surface, kind),
      onPick: (choice) => take([choice], { tell: true }),
      onChange: (choices) => take(choices, { tell: false }),
      onClose: () => many && before !== JSON.stringify(chosen.map((choice) => choice.id)) && take(chosen, { tell: true }),
    });
  };
  show();
  return node;
}

function firstValue(element, kind, many) {
  if (many) return element[`initial_${kind.first}s`] ?? [];
  return element[`initial_${kind.first}`] ?? null;
}

/** Where a menu's choices come from: a list, or a search that asks the app. */
function sourceOf(element, block, surface, kind) {
  if (kind.list) return { choices: kind.list(element) };
  if (!element.type.includes("external")) return { choices: choicesIn(element) };
  const least = element.min_query_length ?? 3;
  return {
    least,
    search: async (query) => {
      if (query.length < least) return [];
      const answer = await surface.options(block, element, query);
      return answer.ok ? choicesIn(answer) : [];
    },
  };
}

function choicesIn({ options, option_groups: groups }) {
  const choice = (option, group) => ({ id: option.value, label: plainText(option.text), description: plainText(option.description), group, option });
  if (groups?.length) return groups.flatMap((group) => group.options.map((option) => choice(option, plainText(group.label))));
  return (options ?? []).map((option) => choice(option));
}
