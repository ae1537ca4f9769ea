// Slack's own markup (mrkdwn), parsed into elements. What does not parse is shown as the text it was.
import { h, link } from "../dom.js";
import { emojiOf } from "./emoji.js";
import { formatDate } from "./dates.js";
import { mentionChannel, mentionEveryone, mentionUser } from "./mentions.js";

const STYLES = { "*": "strong", _: "em", "~": "del" };

/** A fragment with paragraphs, quotes and code of one mrkdwn text. */
export function mrkdwn(text, { verbatim = false } = {}) {
  const fragment = document.createDocumentFragment();
  let rest = 0;
  for (const match of text.matchAll(/```\n?([\s\S]+?)\n?```/g)) {
    fragment.append(...lines(text.slice(rest, match.index), verbatim));
    fragment.append(h("pre", { class: "code-block", dir: "auto" }, plainOf(match[1])));
    rest = match.index + match[0].length;
  }
  fragment.append(...lines(text.slice(rest), verbatim));
  return fragment;
}

/** What a plain_text object shows: no markup, but short names of emoji. */
export function plainText(object) {
  const text = typeof object === "string" ? object : object?.text ?? "";
  if (object?.emoji === false) return entities(text);
  return entities(text).replace(/:([a-z0-9_+'-]+):/g, (all, name) => emojiOf(name) ?? all);
}

/** A text object of either kind as nodes. */
export function textObject(object) {
  if (!object) return "";
  return object.type === "mrkdwn" ? mrkdwn(object.text, { verbatim: object.verbatim }) : plainText(object);
}

export function entities(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

/** The text of a message as one plain line: for announcements and previews. */
export function plainOf(text) {
  return entities(text.replace(/<((?:https?:|mailto:|[@#!])[^<>\n]*)>/g, (_, inside) => {
    const [target, label] = inside.split("|");
    return label ?? target.replace(/^mailto:/, "");
  }));
}

function lines(text, verbatim) {
  const blocks = [];
  const wholeQuote = /^(?:>|&gt;){3}/;
  let quote = null;
  let body = [];
  const flush = () => {
    const joined = body.join("\n").replace(/^\n+|\n+$/g, "");
    if (joined) blocks.push(h("div", { class: "paragraph", dir: "auto" }, inline(joined, verbatim)));
    body = [];
  };
  const flushQuote = () => {
    if (quote) blocks.push(h("blockquote", { dir: "auto" }, inline(quote.join("\n"), verbatim)));
    quote = null;
  };
  const all = text.split("\n");
  for (const [index, line] of all.entries()) {
    if (wholeQuote.test(line)) {
      flush();
      flushQuote();
      quote = [line.replace(wholeQuote, "").trimStart(), ...all.slice(index + 1)];
      break;
    }
    const quoted = line.match(/^(?:>|&gt;) ?(.*)$/s);
    if (quoted) {
      flush();
      quote = [...(quote ?? []), quoted[1]];
    } else {
      flushQuote();
      body.push(line);
    }
  }
  flush();
  flushQuote();
  return blocks;
}

/** Nodes of one run of text. `open` holds the styles already open, so that nesting is never deeper than three. */
function inline(text, verbatim, open = "") {
  const nodes = [];
  const hopeless = {};
  let plain = "";
  let at = 0;
  const push = (node) => {
    if (plain) nodes.push(entities(plain));
    plain = "";
    if (node) nodes.push(node);
  };
  while (at < text.length) {
    const found = token(text, at, verbatim, open, hopeless);
    if (found) {
      push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  push(null);
  return nodes;
}

function token(text, at, verbatim, open, hopeless) {
  const sign = text[at];
  if (sign === "<") return angle(text, at);
  if (sign === "`") return code(text, at);
  if (sign === ":") return emoji(text, at);
  if (STYLES[sign] && !open.includes(sign)) return styled(text, at, verbatim, open, hopeless);
  if (sign === "h" && !verbatim) return bareLink(text, at);
  return null;
}

function sticky(pattern, text, at) {
  const expression = new RegExp(pattern.source, "yu");
  expression.lastIndex = at;
  return expression.exec(text);
}

function code(text, at) {
  const match = sticky(/`([^`\n]+)`/, text, at);
  return match && { node: h("code", {}, plainOf(match[1])), end: at + match[0].length };
}

function emoji(text, at) {
  const match = sticky(/:([a-z0-9_+'\x2d]{1,60}):(?::skin-tone-[2-6]:)?/, text, at);
  const character = match && emojiOf(match[1]);
  if (!character) return null;
  return { node: h("span", { class: "emoji", role: "img", "aria-label": match[1].replaceAll("_", " ") }, character), end: at + match[0].length };
}

function bareLink(text, at) {
  if (at > 0 && /[\p{L}\p{N}]/u.test(text[at - 1])) return null;
  const match = sticky(/https?:\/\/[^\s<>|*]*[^\s<>|*.,;:!?)'"\]]/, text, at);
  return match && { node: link(entities(match[0]), entities(match[0])), end: at + match[0].length };
}

function styled(text, at, verbatim, open, hopeless) {
  const sign = text[at];
  const before = at === 0 ? "" : text[at - 1];
  if (/[\p{L}\p{N}]/u.test(before) || before === sign) return null;
  if (at < (hopeless[sign] ?? 0)) return null;
  const end = closing(text, at, sign);
  if (end < 0) {
    hopeless[sign] = -end;
    return null;
  }
  return { node: h(STYLES[sign], {}, inline(text.slice(at + 1, end), verbatim, open + sign)), end: end + 1 };
}

/** Where the style opened at `at` closes; if nowhere, minus the place up to which nobody need look again. */
function closing(text, at, sign) {
  if (!text[at + 1] || /\s/u.test(text[at + 1]) || text[at + 1] === sign) return -(at + 1);
  const stop = text.indexOf("\n", at) < 0 ? text.length : text.indexOf("\n", at);
  for (let here = at + 1; here < stop; here += 1) {
    if (text[here] === "`" || text[here] === "<") {
      const partner = text.indexOf(text[here] === "`" ? "`" : ">", here + 1);
      if (partner > 0 && partner < stop) { here = partner; continue; }
    }
    if (text[here] !== sign || /\s/u.test(text[here - 1]) || here === at + 1) continue;
    if (!/[\p{L}\p{N}]/u.test(text[here + 1] ?? "") && text[here + 1] !== sign) return here;
  }
  return -stop;
}

function angle(text, at) {
  const match = sticky(/<([^<>\n]+)>/, text, at);
  if (!match) return null;
  const bar = match[1].indexOf("|");
  const target = bar < 0 ? match[1] : match[1].slice(0, bar);
  const label = bar < 0 ? null : match[1].slice(bar + 1);
  const node = reference(target, label);
  return node && { node, end: at + match[0].length };
}

function reference(target, label) {
  if (/^@[UW]/.test(target)) return mentionUser(target.slice(1));
  if (/^#[CG]/.test(target)) return mentionChannel(target.slice(1), label);
  if (/^!(here|channel|everyone)$/.test(target)) return mentionEveryone(target.slice(1));
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, entities(label ?? "@group"));
  if (target.startsWith("!date^")) return dated(target, label);
  if (/^(https?:|mailto:|tel:)/i.test(target)) {
    const shown = label ?? target.replace(/^mailto:/i, "");
    return link(entities(target), entities(shown));
  }
  return null;
}

function dated(target, fallback) {
  const [, seconds, format, address] = target.split("^");
  const shown = formatDate(seconds, entities(format ?? "")) ?? entities(fallback ?? "");
  if (address) return link(entities(address), shown);
  return h("time", { title: entities(fallback ?? "") }, shown);
}
