// The interactive elements. `form` is true inside an input block: what is entered waits for the submit button.
import { freshId, h, icon, safeUrl } from "../dom.js";
import { openMenu } from "../menu.js";
import { plainText, textObject } from "../text/mrkdwn.js";
import { asJson } from "./json.js";
import { datePicker, dateTimePicker, timePicker } from "./moments.js";
import { SELECTS, select } from "./select.js";
import { sourceOf } from "./simple.js";
import { textInput } from "./text_input.js";

/** How to draw one element; `labels` are the ids of what names and describes it. */
export function drawElement(element, block, surface, labels = {}) {
  const draw = ELEMENTS[element.type] ?? (SELECTS[element.type] && select);
  return draw ? draw(element, block, surface, labels) : asJson(element);
}

const ELEMENTS = {
  button,
  overflow,
  radio_buttons: choices,
  checkboxes: choices,
  datepicker: datePicker,
  timepicker: timePicker,
  datetimepicker: dateTimePicker,
  image: (element) => h("img", { class: "accessory-image", src: sourceOf(element), alt: element.alt_text ?? "" }),
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
};

/** Attributes that every control has: how tests and screen readers find it. */
export function control(element, { name, describedBy } = {}) {
  return { data: { actionId: element.action_id }, "aria-label": element.accessibility_label, "aria-labelledby": element.accessibility_label ? null : name, "aria-describedby": describedBy };
}

function button(element, block, surface) {
  const href = element.url && safeUrl(element.url);
  const style = { primary: "button-primary", danger: "button-danger" }[element.style] ?? "";
  const attributes = { class: `button ${style}`, ...control(element), onclick: (event) => press(event) };
  const label = h("span", { class: "button-label", dir: "auto" }, plainText(element.text));
  const node = href ? h("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, label, icon("open")) : h("button", { ...attributes, type: "button" }, label);
  const press = (event) => {
    if (node.getAttribute("aria-busy") === "true") { event.preventDefault(); return; }
    surface.act({ block, element, control: node, payload: element.value === undefined ? {} : { value: element.value } });
  };
  return node;
}

function overflow(element, block, surface) {
  const node = h("button", { type: "button", class: "button button-icon", ...control(element), "aria-label": element.accessibility_label ?? "More actions", "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => {
    openMenu({
      anchor: node,
      label: "More actions",
      choices: element.options.map((option) => ({ id: option.value, label: plainText(option.text), description: plainText(option.description), option })),
      onPick: ({ option }) => {
        const href = option.url && safeUrl(option.url);
        if (href) window.open(href, "_blank", "noopener");
        surface.act({ block, element, control: node, payload: { selected_option: option } });
      },
    });
  } }, icon("more"));
  return node;
}

/** Radio buttons and checkboxes: the same list, of which one or several are chosen. */
function choices(element, block, surface, { form, name, describedBy } = {}) {
  const many = element.type === "checkboxes";
  const initial = many ? { selected_options: element.initial_options ?? [] } : { selected_option: element.initial_option ?? null };
  const held = surface.hold(block, element, element.type, initial);
  const chosen = new Set((many ? held.selected_options : [held.selected_option]).filter(Boolean).map((option) => option.value));
  const group = freshId("group");
  const changed = () => {
    const ticked = new Set([...node.querySelectorAll("input:checked")].map((box) => box.value));
    const options = element.options.filter((option) => ticked.has(option.value));
    const value = many ? { selected_options: options } : { selected_option: options[0] ?? null };
    surface.enter(block, element, value);
    if (!form) surface.act({ block, element, control: node, payload: value });
  };
  const node = h("div", { class: "choices", role: many ? "group" : "radiogroup", ...control(element, { name, describedBy }) }, element.options.map((option) => {
    const box = h("input", { type: many ? "checkbox" : "radio", name: group, value: option.value, onchange: changed });
    box.checked = chosen.has(option.value);
    return h("label", { class: "choice" }, box, h("span", { class: "choice-text", dir: "auto" }, textObject(option.text), option.description && h("span", { class: "choice-description" }, textObject(option.description))));
  }));
  return node;
}
