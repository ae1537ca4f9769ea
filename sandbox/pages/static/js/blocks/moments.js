// Dates, times, and both together.
import { h } from "../dom.js";
import { plainText } from "../text/mrkdwn.js";
import { control } from "./elements.js";

const asIs = { shown: (value) => value ?? "", entered: (text) => text || null };

export const datePicker = (...all) => moment(all, { kind: "date", slot: "selected_date", initial: "initial_date", ...asIs });
export const timePicker = (...all) => moment(all, { kind: "time", slot: "selected_time", initial: "initial_time", ...asIs });
export const dateTimePicker = (...all) => moment(all, {
  kind: "datetime-local", slot: "selected_date_time", initial: "initial_date_time",
  shown: (seconds) => (seconds ? localMoment(seconds) : ""),
  entered: (text) => (text ? Math.floor(new Date(text).getTime() / 1000) : null),
});

function moment([element, block, surface, { form, name, describedBy } = {}], { kind, slot, initial, shown, entered }) {
  const held = surface.hold(block, element, element.type, { [slot]: element[initial] ?? null });
  const attributes = control(element, { name, describedBy });
  if (!name && !element.accessibility_label) attributes["aria-label"] = plainText(element.placeholder) || `Choose a ${kind === "time" ? "time" : "date"}`;
  const field = h("input", { type: kind, class: "text-input moment", value: shown(held[slot]), ...attributes, autofocus: element.focus_on_load, onchange: () => {
    const value = { [slot]: entered(field.value) };
    surface.enter(block, element, value);
    if (!form) surface.act({ block, element, control: field, payload: value });
  } });
  return element.timezone ? h("div", { class: "with-zone" }, field, h("span", { class: "zone" }, element.timezone.replaceAll("_", " "))) : field;
}

/** Epoch seconds as an input for local time wants them: 2026-11-30T09:00. */
function localMoment(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}
