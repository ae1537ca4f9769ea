// Files of a message: cards with the first lines, pictures, and what is left of deleted ones.
import * as api from "./api.js";
import { toast } from "./announce.js";
import { confirmed } from "./confirm.js";
import { h, icon } from "./dom.js";
import { state } from "./state.js";
import { parseRows } from "./text/rows.js";
import { inWords } from "./surface.js";

const TABLES = { csv: ",", tsv: "\t" };
const UNITS = ["bytes", "KB", "MB", "GB"];
const COLOURS = { csv: "sheet", tsv: "sheet", xlsx: "sheet", json: "code", jsonl: "code", yaml: "code", py: "code", pdf: "pdf", zip: "pack", gz: "pack" };

export function sizeOf(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) { size /= 1000; unit += 1; }
  const shown = unit && size < 10 ? Math.round(size * 10) / 10 : Math.round(size);
  return unit === 0 && bytes === 1 ? "1 byte" : `${shown} ${UNITS[unit]}`;
}

/** The coloured square of a file, by its name. */
export function signOf(name) {
  const end = name.includes(".") ? name.split(".").pop().toLowerCase() : "";
  return h("span", { class: `file-icon file-icon-${COLOURS[end] ?? "any"}`, "aria-hidden": "true" }, icon(COLOURS[end] === "sheet" ? "sheet" : COLOURS[end] === "code" ? "code" : "file"));
}

export function drawFiles(files) {
  if (!files?.length) return null;
  return h("ul", { class: "files", "aria-label": files.length > 1 ? `${files.length} files` : "File" }, files.map((file) => h("li", {}, drawFile(file))));
}

function drawFile(file) {
  if (file.deleted) return h("div", { class: "file-gone" }, icon("trash"), "This file was deleted.");
  const address = `/client/file/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
  if (["image/png", "image/jpeg", "image/gif", "image/webp"].includes(file.mimetype)) return drawPicture(file, address);
  const name = file.title || file.name;
  return h("div", { class: "file-card", role: "group", "aria-label": `${name}, ${file.pretty_type}, ${sizeOf(file.size)}` },
    h("div", { class: "file-head" },
      h("a", { class: "file", href: address, download: file.name, title: name }, signOf(file.name),
        h("span", { class: "file-text" }, h("strong", { dir: "auto" }, name), h("small", {}, `${file.pretty_type} · ${sizeOf(file.size)}${file.external ? " · shared from outside" : ""}`))),
      h("a", { class: "icon-button", href: address, download: file.name, title: "Download", "aria-label": `Download ${name}` }, icon("download")),
      eraser(file, name)),
    file.preview && drawPreview(file));
}

function drawPicture(file, address) {
  const name = file.title || file.name;
  return h("figure", { class: "figure" },
    h("figcaption", {}, h("span", { dir: "auto" }, name), h("a", { href: address, download: file.name, "aria-label": `Download ${name}` }, sizeOf(file.size)), eraser(file, name)),
    h("a", { href: address, target: "_blank", rel: "noopener" }, h("img", { class: "image", src: address, alt: file.alt || name })));
}

function eraser(file, name) {
  if (file.user !== state.me?.id) return null;
  const text = (words) => ({ type: "plain_text", text: words });
  const erase = async () => {
    const sure = await confirmed({ title: text("Delete file"), text: text(`${name} will be gone for everybody, for good.`), confirm: text("Delete"), deny: text("Cancel") }, { dangerous: true });
    if (!sure) return;
    const answer = await api.changeFile({ user: state.me.id, file: file.id, deleted: true });
    if (!answer.ok) toast(`${name} was not deleted. ${inWords(answer.error)}`);
  };
  return h("button", { type: "button", class: "icon-button", title: "Delete file", "aria-label": `Delete ${name}`, onclick: erase }, icon("trash"));
}

function drawPreview(file) {
  const more = file.lines_more > 0 && h("div", { class: "file-more" }, `${file.lines_more.toLocaleString()} more ${file.lines_more === 1 ? "line" : "lines"}`);
  const separator = TABLES[file.filetype];
  const rows = separator && parseRows(file.preview, separator);
  const shown = rows?.length && rows[0].length > 1
    ? h("table", { class: "file-rows" }, h("tbody", {}, rows.map((row, index) => h("tr", {}, row.map((cell) => h(index ? "td" : "th", { dir: "auto", scope: index ? null : "col" }, cell))))))
    : h("pre", { class: "file-lines", dir: "auto" }, file.preview);
  return h("div", { class: "file-preview" }, h("div", { class: "file-scroll", tabindex: "0", role: "region", "aria-label": `First lines of ${file.title || file.name}` }, shown), more);
}
