// Blocks that only show something.
import { picture } from "../api.js";
import { h, safeUrl } from "../dom.js";
import { markdown } from "../text/markdown.js";
import { plainText, textObject } from "../text/mrkdwn.js";
import { collapsible } from "./collapsible.js";

export function header(block) {
  return h("div", { class: "header-text", role: "heading", "aria-level": 3, dir: "auto" }, plainText(block.text));
}

export function divider() {
  return h("hr", { class: "divider" });
}

export function context(block) {
  return h("div", { class: "context" }, block.elements.map((element) => (
    element.type === "image"
      ? h("img", { class: "context-image", src: sourceOf(element), alt: element.alt_text ?? "" })
      : h("div", { class: "context-text", dir: "auto" }, textObject(element))
  )));
}

export function image(block) {
  const title = block.title ? plainText(block.title) : null;
  const shown = h("img", { class: "image", src: sourceOf(block), alt: block.alt_text ?? "", loading: "lazy", draggable: "false" });
  return h("figure", { class: "figure" }, title && h("figcaption", { dir: "auto" }, title), shown);
}

export function markdownBlock(block, surface) {
  return collapsible(block.text, markdown(block.text), surface, block.block_id);
}

/** The address of a picture element: its own, or that of a file of this workspace. */
export function sourceOf(element) {
  if (element.slack_file?.id) return picture(element.slack_file.id);
  return safeUrl(element.image_url ?? element.slack_file?.url ?? "");
}
