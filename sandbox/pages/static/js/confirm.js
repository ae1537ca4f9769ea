// The small "Are you sure?" dialog that an element may ask for.
import { freshId, h } from "./dom.js";
import { plainText, textObject } from "./text/mrkdwn.js";

export function confirmed(confirm, { dangerous }) {
  return new Promise((resolve) => {
    const danger = confirm.style === "danger" || (dangerous && confirm.style !== "primary");
    const titleId = freshId("confirm");
    const answer = (value) => () => { dialog.close(); dialog.remove(); resolve(value); };
    const dialog = h("dialog", { class: "sheet sheet-small", "aria-labelledby": titleId },
      h("div", { class: "sheet-head" }, h("h2", { id: titleId, class: "sheet-title", dir: "auto" }, plainText(confirm.title))),
      h("div", { class: "sheet-body", dir: "auto" }, textObject(confirm.text)),
      h("div", { class: "sheet-foot" },
        h("button", { type: "button", class: "button", onclick: answer(false) }, plainText(confirm.deny ?? "Cancel")),
        h("button", { type: "button", class: danger ? "button button-danger button-solid" : "button button-primary", onclick: answer(true), autofocus: true }, plainText(confirm.confirm ?? "Yes"))));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); answer(false)(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
