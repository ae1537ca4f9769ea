// One-line and many-line text, numbers, e-mail and web addresses.
import { h } from "../dom.js";
import { plainText } from "../text/mrkdwn.js";
import { control } from "./elements.js";

const KINDS = { number_input: "text", email_text_input: "email", url_text_input: "url", plain_text_input: "text" };

export function textInput(element, block, surface, { form, name, describedBy } = {}) {
  const held = surface.hold(block, element, element.type, { value: element.initial_value ?? null });
  const attributes = {
    class: "text-input",
    ...control(element, { name, describedBy }),
    placeholder: plainText(element.placeholder) || null,
    dir: "auto",
    minlength: element.min_length,
    maxlength: element.max_length,
    inputmode: element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : null,
    autofocus: element.focus_on_load,
    autocomplete: "off",
    oninput: () => changed(),
    onkeydown: (event) => event.key === "Enter" && wants("on_enter_pressed") && (!element.multiline || event.metaKey || event.ctrlKey) && dispatch(event),
  };
  const field = element.multiline
    ? h("textarea", { ...attributes, rows: 4, value: held.value ?? "" })
    : h("input", { ...attributes, type: KINDS[element.type], value: held.value ?? "" });
  const counter = element.max_length && h("span", { class: "counter", "aria-live": "polite" });
  const wants = (trigger) => !form && (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes(trigger);
  const dispatch = (event) => {
    event?.preventDefault();
    surface.act({ block, element, control: field, payload: { value: field.value } });
  };
  const count = () => {
    if (!counter) return;
    const left = element.max_length - field.value.length;
    counter.textContent = String(left);
    counter.setAttribute("aria-label", `${left} characters left`);
    counter.classList.toggle("counter-low", left < 20);
    counter.hidden = element.max_length > 300 && left > 100;
  };
  const changed = () => {
    surface.enter(block, element, { value: field.value === "" ? null : field.value });
    count();
    if (wants("on_character_entered")) dispatch();
  };
  count();
  return counter ? h("div", { class: "with-counter" }, field, counter) : field;
}
