// rich_text: sections, lists, quotes and code, whose `text` elements carry no markup at all.
import { h, link } from "../dom.js";
import { formatDate } from "../text/dates.js";
import { emojiFromCode, emojiOf } from "../text/emoji.js";
import { mentionChannel, mentionEveryone, mentionUser } from "../text/mentions.js";
import { collapsible } from "./collapsible.js";
import { asJson } from "./json.js";

export function richText(block, surface) {
  return collapsible(textOf(block), richElements(block.elements), surface, block.block_id);
}

export function richElements(elements) {
  return h("div", { class: "rich-text" }, (elements ?? []).map((element) => PARTS[element.type]?.(element) ?? asJson(element)));
}

/** All text of a rich_text tree on its own, a line for each part. */
function textOf(node) {
  if (!node) return "";
  if (typeof node.text === "string") return node.text;
  const joined = (node.elements ?? []).map(textOf);
  return joined.join(node.type === "rich_text" || node.type === "rich_text_list" ? "\n" : "");
}

const PARTS = {
  rich_text_section: (part) => h("div", { class: "paragraph", dir: "auto" }, inline(part.elements)),
  rich_text_quote: (part) => h("blockquote", { dir: "auto", class: part.border ? "bordered" : null }, inline(part.elements)),
  rich_text_preformatted: (part) => h("pre", { class: part.border ? "code-block bordered" : "code-block", dir: "auto" }, inline(part.elements)),
  rich_text_list: list,
};

function list(part) {
  const ordered = part.style === "ordered";
  const indent = Math.min(part.indent ?? 0, 8);
  const items = part.elements.map((item) => h("li", { dir: "auto" }, item.type === "rich_text_section" ? inline(item.elements) : richElements([item])));
  return h(ordered ? "ol" : "ul", {
    class: `list list-level-${indent % 3}${part.border ? " bordered" : ""}`,
    start: ordered && part.offset ? part.offset + 1 : null,
    style: { "--indent": String(indent) },
  }, items);
}

function inline(elements) {
  return (elements ?? []).map((element) => styled(INLINE[element.type]?.(element) ?? asJson(element), element.style));
}

const INLINE = {
  text: (element) => document.createTextNode(element.text),
  link: (element) => link(element.url, element.text || element.url),
  emoji: (element) => h("span", { class: "emoji", role: "img", "aria-label": element.name.replaceAll("_", " ") }, emojiCharacter(element)),
  user: (element) => mentionUser(element.user_id),
  usergroup: () => h("span", { class: "mention" }, "@group"),
  channel: (element) => mentionChannel(element.channel_id),
  broadcast: (element) => mentionEveryone(element.range),
  date: (element) => h("time", {}, formatDate(element.timestamp, element.format) ?? element.fallback ?? ""),
  color: (element) => h("span", { class: "colour" }, h("i", { style: { "--colour": colour(element.value) } }), element.value),
};

function emojiCharacter(element) {
  return (element.unicode && emojiFromCode(element.unicode)) ?? emojiOf(element.name) ?? `:${element.name}:`;
}

const colour = (value) => (/^#[0-9a-f]{3,8}$/i.test(value) ? value : "transparent");

const TAGS = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "del"], ["underline", "u"], ["highlight", "mark"]];

function styled(node, style) {
  if (!style) return node;
  return TAGS.reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}
