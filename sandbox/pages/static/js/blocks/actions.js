// Blocks that hold elements outside of a form: every click or choice goes to the app at once.
import { h } from "../dom.js";
import { entities, mrkdwn, plainText } from "../text/mrkdwn.js";
import { collapsible } from "./collapsible.js";
import { drawElement } from "./elements.js";

export function section(block, surface) {
  const text = block.text && collapsible(
    entities(block.text.text),
    block.text.type === "mrkdwn" ? mrkdwn(block.text.text, { verbatim: block.text.verbatim }) : h("div", { class: "paragraph", dir: "auto" }, plainText(block.text)),
    surface, block.block_id);
  const fields = block.fields && h("div", { class: "fields" }, block.fields.map((field) => (
    h("div", { class: "field", dir: "auto" }, field.type === "mrkdwn" ? mrkdwn(field.text) : plainText(field)))));
  const accessory = block.accessory && h("div", { class: "accessory" }, drawElement(block.accessory, block, surface));
  return h("div", { class: block.accessory ? "section with-accessory" : "section" }, h("div", { class: "section-text" }, text, fields), accessory);
}

export function actions(block, surface) {
  return h("div", { class: "actions" }, block.elements.map((element) => drawElement(element, block, surface)));
}
