// input: a label, one element, a hint, and the place where its error is said.
import { freshId, h, icon } from "../dom.js";
import { plainText } from "../text/mrkdwn.js";
import { drawElement } from "./elements.js";

export function input(block, surface) {
  const name = freshId("label");
  const hint = block.hint && freshId("hint");
  const error = surface.errors.get(block.block_id);
  const problem = error && freshId("error");
  const describedBy = [problem, hint].filter(Boolean).join(" ") || null;
  const drawn = drawElement(block.element, block, surface, { form: !block.dispatch_action, name, describedBy });
  const field = fieldIn(drawn);
  if (error) field.setAttribute("aria-invalid", "true");
  if (!block.optional) field.setAttribute("aria-required", "true");
  return h("div", { class: error ? "input has-error" : "input" },
    h("div", { class: "label", id: name, dir: "auto", onclick: () => field.focus() }, plainText(block.label), block.optional && h("span", { class: "optional" }, " (optional)")),
    drawn,
    error && h("div", { class: "field-error", id: problem, role: "alert" }, icon("warning"), error),
    hint && h("div", { class: "hint", id: hint, dir: "auto" }, plainText(block.hint)));
}

/** What Slack's own form refuses before the app is asked: {block_id: words}. */
export function missing(blocks, surface) {
  const errors = {};
  for (const block of blocks.filter(({ type }) => type === "input")) {
    const value = surface.valueOf(block, block.element);
    const entered = Object.values(value)[0];
    const empty = entered === null || entered === undefined || entered === "" || (Array.isArray(entered) && !entered.length);
    if (empty && !block.optional) errors[block.block_id] = "Please complete this required field.";
    else if (!empty && block.element.min_length > String(entered).length) errors[block.block_id] = `Please enter at least ${block.element.min_length} characters.`;
  }
  return errors;
}

function fieldIn(drawn) {
  return drawn.dataset.actionId ? drawn : drawn.querySelector("[data-action-id]") ?? drawn;
}
