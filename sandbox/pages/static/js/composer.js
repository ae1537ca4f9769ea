// Where messages and slash commands are written and files are dropped. Drafts stay with their conversation.
import * as api from "./api.js";
import { toast } from "./announce.js";
import { attachmentsOf } from "./attachments.js";
import { h, icon } from "./dom.js";
import { createHints } from "./hints.js";
import { nameOf, state } from "./state.js";
import { inWords, SAID_IN_CHANNEL } from "./surface.js";

const drafts = new Map();

export function createComposer({ channel, threadTs = null, label, onSent }) {
  const draftKey = JSON.stringify([state.me.id, channel, threadTs]);
  const user = state.me.id;
  const field = h("textarea", { class: "composer-field", rows: "1", dir: "auto", placeholder: label, "aria-label": label, oninput: () => changed(), onkeydown: (event) => keys(event), value: drafts.get(draftKey) ?? "" });
  const send = h("button", { type: "button", class: "composer-send", "aria-label": "Send now", title: "Send now", onclick: () => submit() }, icon("send"));
  const picker = h("input", { type: "file", hidden: true, multiple: true, onchange: () => { addFiles(picker.files); picker.value = ""; } });
  const attachments = attachmentsOf(draftKey, user, () => changed());
  const hints = createHints(field, { inThread: Boolean(threadTs), onTaken: () => changed() });
  const tool = (name, words, act) => h("button", { type: "button", class: "tool", title: words, "aria-label": words, onclick: act }, icon(name));
  const node = h("div", { class: "composer" }, hints.node, h("div", { class: "composer-box" },
    h("div", { class: "composer-marks", role: "toolbar", "aria-label": "Formatting" },
      tool("bold", "Bold", () => wrap("*")), tool("italic", "Italic", () => wrap("_")), tool("strike", "Strikethrough", () => wrap("~")),
      h("i", { class: "tool-gap" }), tool("quote", "Quote", () => insert("> ")), tool("code", "Code", () => wrap("`"))),
    field, attachments.node,
    h("div", { class: "composer-foot" },
      tool("clip", "Attach files", () => picker.click()), picker,
      tool("at", "Mention somebody", () => insert("@")),
      !threadTs && tool("slash", "Run a command", () => { field.value = ""; insert("/"); }),
      h("span", { class: "composer-hint" }, h("b", {}, "Shift + Enter"), " for a new line"), send)));

  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 240)}px`;
  };
  const changed = () => {
    drafts.set(draftKey, field.value);
    node.classList.toggle("has-text", Boolean(field.value.trim()));
    send.disabled = !field.value.trim() && !attachments.any;
    grow();
    hints.update();
  };
  const keys = (event) => {
    if (event.isComposing || hints.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
  };
  const insert = (sign) => { field.focus(); field.setRangeText(sign, field.selectionStart, field.selectionEnd, "end"); changed(); };
  const wrap = (sign) => {
    const { selectionStart: start, selectionEnd: end, value } = field;
    field.focus();
    field.setRangeText(sign + value.slice(start, end) + sign, start, end, "select");
    field.setSelectionRange(start + 1, end + 1);
    changed();
  };
  const submit = async () => {
    const text = field.value.trim();
    if (attachments.any) { await submitFiles(text); return; }
    if (!text) return;
    field.value = "";
    changed();
    const isCommand = text.startsWith("/") && !threadTs;
    const answer = isCommand
      ? await api.command({ user, channel, text: asSent(text) })
      : await api.send({ user, channel, text: asSent(text), ...(threadTs && { thread_ts: threadTs }) });
    if (answer.ok || (isCommand && SAID_IN_CHANNEL.includes(answer.error))) { onSent?.(); return; }
    toast(isCommand ? `${text.split(/\s/)[0]}: ${inWords(answer.error)}` : `Not sent. ${inWords(answer.error)}`);
    if (!field.value) { field.value = text; changed(); }
  };
  /** Sends a message with its files, once all of them are there. */
  const submitFiles = async (text) => {
    if (send.getAttribute("aria-busy") === "true") return;
    send.setAttribute("aria-busy", "true");
    const ids = await attachments.uploaded();
    send.removeAttribute("aria-busy");
    if (!ids?.length) { if (attachments.failed) toast("Remove what was not uploaded, or try it again."); return; }
    const taken = attachments.take();
    field.value = "";
    changed();
    const answer = await api.send({ user, channel, text: asSent(text), files: ids, ...(threadTs && { thread_ts: threadTs }) });
    if (answer.ok) { onSent?.(); return; }
    toast(`Not sent. ${inWords(answer.error)}`);
    taken.back();
    if (!field.value) { field.value = text; changed(); }
  };
  const addFiles = (files) => { attachments.add(files); field.focus(); };

  field.addEventListener("paste", (event) => event.clipboardData?.files.length && (event.preventDefault(), addFiles(event.clipboardData.files)));
  const catchDrops = (area) => {
    let depth = 0;
    const over = (change) => { depth = Math.max(0, depth + change); area.classList.toggle("dropping", depth > 0); };
    const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
    area.addEventListener("dragenter", (event) => carriesFiles(event) && over(1));
    area.addEventListener("dragleave", (event) => carriesFiles(event) && over(-1));
    area.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    area.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      over(-depth);
      addFiles(filesIn(event.dataTransfer));
    });
  };
  requestAnimationFrame(changed);
  return { node, catchDrops, focus: () => field.focus(), stop: () => hints.close() };
}

/** What was dropped, folders left out: a browser gives those as files that cannot be read. */
function filesIn(transfer) {
  const folders = new Set([...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory).map((entry) => entry.name));
  if (folders.size) toast("Folders cannot be uploaded: drop the files in them.");
  return [...transfer.files].filter((file) => !folders.has(file.name));
}

/** People who were picked by their full name are sent by their short one, which is what the workspace links. */
function asSent(text) {
  if (!text.includes("@")) return text;
  const people = [...state.users.values()].filter((user) => user.name && nameOf(user) !== user.name).sort((one, other) => nameOf(other).length - nameOf(one).length);
  return people.reduce((typed, user) => typed.replaceAll(`@${nameOf(user)}`, `@${user.name}`), text);
}
