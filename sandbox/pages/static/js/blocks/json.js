// What nobody draws is shown as it came.
import { h } from "../dom.js";

export function asJson(thing) {
  return h("details", { class: "as-json" },
    h("summary", {}, `${thing?.type ?? "unknown"} (not drawn here)`),
    h("pre", { class: "code-block" }, JSON.stringify(thing, null, 2)));
}
