// The `markdown` block: headings, lists, quotes, code, rules, tables and inline styles. No HTML, no pictures.
import { h, link } from "../dom.js";
import { emojiOf } from "./emoji.js";
import { mentionChannel, mentionEveryone, mentionUser } from "./mentions.js";

export function markdown(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text.replace(/\r\n?/g, "\n").split("\n")));
  return fragment;
}

const RULES = [
  { starts: /^(```+|~~~+)/, read: fence },
  { starts: /^#{1,6} /, read: heading },
  { starts: /^ {0,3}([-*_])( *\1){2,} *$/, read: (lines) => [h("hr", { class: "divider" }), lines.slice(1)] },
  { starts: /^ {0,3}> ?/, read: quote },
  { starts: /^ {0,3}([-*+]|\d{1,9}[.)]) +/, read: list },
  { starts: /^ *\|.*\| *$/, read: table },
];

function blocks(lines) {
  const nodes = [];
  let rest = lines;
  while (rest.length) {
    if (!rest[0].trim()) { rest = rest.slice(1); continue; }
    const rule = RULES.find(({ starts }) => starts.test(rest[0]));
    const [node, after] = rule ? rule.read(rest) : paragraph(rest);
    nodes.push(node);
    rest = after;
  }
  return nodes;
}

function paragraph(lines) {
  const end = lines.findIndex((line, index) => index > 0 && (!line.trim() || RULES.some(({ starts }) => starts.test(line))));
  const own = end < 0 ? lines : lines.slice(0, end);
  return [h("div", { class: "paragraph", dir: "auto" }, inline(own.join("\n"))), end < 0 ? [] : lines.slice(end)];
}

function heading([first, ...rest]) {
  const [, signs, title] = first.match(/^(#{1,6}) +(.*?)(?: +#+)?$/) ?? [null, "#", first.replace(/^#+ */, "")];
  const level = Math.min(signs.length, 3);
  return [h("div", { class: `heading heading-${level}`, role: "heading", "aria-level": level + 2, dir: "auto" }, inline(title)), rest];
}

function fence([first, ...rest]) {
  const sign = first.match(/^(```+|~~~+)/)[1];
  const end = rest.findIndex((line) => line.startsWith(sign));
  const body = end < 0 ? rest : rest.slice(0, end);
  return [h("pre", { class: "code-block", dir: "auto" }, body.join("\n")), end < 0 ? [] : rest.slice(end + 1)];
}

function quote(lines) {
  const end = lines.findIndex((line) => !/^ {0,3}> ?/.test(line));
  const own = (end < 0 ? lines : lines.slice(0, end)).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [h("blockquote", { dir: "auto" }, blocks(own)), end < 0 ? [] : lines.slice(end)];
}

/** An item is its marker line and the lines indented under it, which may hold lists of their own. */
function list(lines) {
  const ordered = /^ {0,3}\d/.test(lines[0]);
  const marker = ordered ? /^ {0,3}(\d{1,9})[.)] +/ : /^ {0,3}[-*+] +/;
  const items = [];
  let rest = lines;
  while (rest.length && marker.test(rest[0])) {
    const width = rest[0].match(marker)[0].length;
    let end = 1;
    while (end < rest.length && (/^ {2,}/.test(rest[end]) || (!rest[end].trim() && /^ {2,}/.test(rest[end + 1] ?? "")))) end += 1;
    const own = [rest[0].slice(width), ...rest.slice(1, end).map((line) => line.replace(/^ {1,4}/, ""))];
    items.push(h("li", { dir: "auto" }, blocks(own)));
    rest = rest.slice(end);
  }
  const start = ordered ? Number(lines[0].match(marker)[1]) : null;
  return [h(ordered ? "ol" : "ul", { class: "list", start: start === 1 ? null : start }, items), rest];
}

function table(lines) {
  const end = lines.findIndex((line) => !/^ *\|.*\| *$/.test(line));
  const own = end < 0 ? lines : lines.slice(0, end);
  const cells = (line) => line.trim().slice(1, -1).split("|").map((cell) => cell.trim());
  const hasHead = own.length > 1 && /^[\s|:-]+$/.test(own[1]);
  const row = (line, tag) => h("tr", {}, cells(line).map((cell) => h(tag, { dir: "auto" }, inline(cell))));
  const body = own.slice(hasHead ? 2 : 0).map((line) => row(line, "td"));
  const drawn = h("div", { class: "table-scroll", tabindex: "0" }, h("table", { class: "table" }, hasHead && h("thead", {}, row(own[0], "th")), h("tbody", {}, body)));
  return [drawn, end < 0 ? [] : lines.slice(end)];
}

const INLINE = [
  { find: /\\([\\`*_{}[\]()#+.!~|>-])/y, draw: (match) => match[1] },
  { find: /(`+)([^`]|[^`].*?[^`])\1(?!`)/ys, draw: (match) => h("code", {}, match[2]) },
  { find: /\*\*(?=\S)([^\n]{0,3000}?\S)\*\*/y, draw: (match) => h("strong", {}, inline(match[1])) },
  { find: /__(?=\S)([^\n]{0,3000}?\S)__/y, draw: (match) => h("strong", {}, inline(match[1])) },
  { find: /~~(?=\S)([^\n]{0,3000}?\S)~~/y, draw: (match) => h("del", {}, inline(match[1])) },
  { find: /\*(?=[^\s*])([^\n*]{1,3000}?)\*/y, draw: (match) => h("em", {}, inline(match[1])) },
  { find: /_(?=[^\s_])([^\n_]{1,3000}?)_(?![\p{L}\p{N}])/yu, word: true, draw: (match) => h("em", {}, inline(match[1])) },
  { find: /!?\[([^\]\n]{0,1000})\]\(([^)\s]{1,3000})(?: "[^"\n]*")?\)/y, draw: (match) => link(match[2], match[1] || match[2]) },
  { find: /<((?:https?:|mailto:)[^<>\s]+)>/y, draw: (match) => link(match[1], match[1].replace(/^mailto:/, "")) },
  { find: /<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/y, draw: (match) => mentionUser(match[1]) },
  { find: /<#([CG][A-Z0-9]+)(?:\|([^>]*))?>/y, draw: (match) => mentionChannel(match[1], match[2]) },
  { find: /<!(here|channel|everyone)>/y, draw: (match) => mentionEveryone(match[1]) },
  { find: /https?:\/\/[^\s<>*]*[^\s<>*.,;:!?)'"\]]/y, draw: (match) => link(match[0], match[0]) },
  { find: /:([a-z0-9_+'-]{1,60}):/y, draw: (match) => emojiOf(match[1]) },
  { find: /&(amp|lt|gt|quot|#39);/y, draw: (match) => ({ amp: "&", lt: "<", gt: ">", quot: "\"", "#39": "'" })[match[1]] },
  { find: / {2,}\n|\\\n/y, draw: () => h("br") },
];

function inline(text) {
  const nodes = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const found = first(text, at);
    if (found) {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  if (plain) nodes.push(plain);
  return nodes;
}

function first(text, at) {
  if (!"\\`*_~[!<h:& ".includes(text[at])) return null;
  for (const { find, draw, word } of INLINE) {
    if (word && /[\p{L}\p{N}]/u.test(text[at - 1] ?? "")) continue;
    find.lastIndex = at;
    const match = find.exec(text);
    const node = match && draw(match);
    if (node) return { node, end: at + match[0].length };
  }
  return null;
}
