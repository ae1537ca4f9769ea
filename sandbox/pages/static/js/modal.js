// The stack of modals: the top one is shown, what was typed in those below waits in their surfaces.
import * as api from "./api.js";
import { toast } from "./announce.js";
import { missing } from "./blocks/input.js";
import { drawBlocks } from "./blocks/index.js";
import { freshId, h, icon } from "./dom.js";
import { keepFocus, remember } from "./focus.js";
import { closeMenu } from "./menu.js";
import { state } from "./state.js";
import { createSurface, inWords } from "./surface.js";
import { plainText } from "./text/mrkdwn.js";

/** `onChange` is called when something was submitted or closed, so that the truth is fetched at once. */
export function createModals({ onChange }) {
  const surfaces = new Map();
  const left = new Set();   // closed here, perhaps not yet by the server: must not flash up again
  const titleId = freshId("modal");
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": titleId, oncancel: (event) => { event.preventDefault(); leave(); } });
  let shown = null;
  let depth = 0;
  let signature = "";
  let back = () => {};
  document.body.append(dialog);

  /** Shows the top of `stack`, [{id, view, root}]; an unchanged view keeps its elements. */
  const show = (all) => {
    for (const id of left) if (!all.some((modal) => modal.id === id)) left.delete(id);
    const stack = all.filter(({ id }) => !left.has(id));
    for (const id of surfaces.keys()) if (!stack.some((modal) => modal.id === id)) surfaces.delete(id);
    const top = stack.at(-1) ?? null;
    if (!top) { hide(); return; }
    const next = JSON.stringify([top.id, stack.length, top.view]);
    if (next === signature && dialog.open) return;
    const sameView = shown?.id === top.id;
    signature = next;
    shown = top;
    depth = stack.length;
    if (!dialog.open) back = remember(document.body);
    const scrolled = dialog.querySelector(".sheet-body")?.scrollTop ?? 0;
    keepFocus(dialog, () => draw());
    if (sameView) dialog.querySelector(".sheet-body").scrollTop = scrolled;
    if (!dialog.open) dialog.showModal();
    if (!sameView) focusFirst();
  };

  const hide = () => {
    shown = null;
    signature = "";
    if (!dialog.open) return;
    closeMenu({ refocus: false });
    dialog.close();
    dialog.replaceChildren();
    delete dialog.dataset.viewId;
    back();
  };

  const surfaceOf = (id) => {
    if (!surfaces.has(id)) surfaces.set(id, createSurface({ view_id: id }, { neverFolds: true }));
    return surfaces.get(id);
  };

  const draw = () => {
    const { id, view } = shown;
    const surface = Object.assign(surfaceOf(id), { known: view.state?.values ?? {} });
    dialog.dataset.viewId = id;
    const submit = view.submit && h("button", { type: "submit", class: "button button-primary", data: { submit: "" }, disabled: Boolean(view.submit_disabled) }, h("span", { class: "button-label" }, plainText(view.submit)));
    const close = h("button", { type: "button", class: "button", data: { close: "" }, onclick: () => leave() }, view.close ? plainText(view.close) : depth > 1 ? "Back" : "Cancel");
    dialog.replaceChildren(h("form", { class: "sheet-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); send(submit); } },
      h("header", { class: "sheet-head" }, h("span", { class: "avatar avatar-app avatar-small", "aria-hidden": "true" }, icon("app")),
        h("h2", { class: "sheet-title", id: titleId, dir: "auto" }, plainText(view.title)),
        h("button", { type: "button", class: "icon-button", "aria-label": depth > 1 ? "Close all" : "Close", onclick: () => leave({ all: depth > 1 }) }, icon("close"))),
      h("div", { class: "sheet-body", tabindex: "-1" }, drawBlocks(view.blocks, surface)),
      (submit || view.close) && h("footer", { class: "sheet-foot" }, close, submit)));
  };

  const focusFirst = () => {
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector(".input [data-action-id], .input input, .input textarea")
      ?? dialog.querySelector(".sheet-body [data-action-id]") ?? dialog.querySelector("[data-submit], [data-close]") ?? dialog.querySelector("button");
    const inside = first?.matches(".choices") ? first.querySelector("input:checked, input") : first;
    inside?.focus();
  };

  const send = async (button) => {
    const { id, view } = shown;
    const surface = surfaceOf(id);
    const wrong = missing(view.blocks, surface);
    if (Object.keys(wrong).length) { complain(surface, wrong); return; }
    if (button?.getAttribute("aria-busy") === "true") return;
    button?.setAttribute("aria-busy", "true");
    const answer = await api.submit({ user: state.me.id, view_id: id, state: surface.values() });
    button?.removeAttribute("aria-busy");
    if (shown?.id !== id) return;
    const errors = answer.errors ?? {};
    if (Object.keys(errors).length) complain(surface, errors);
    else if (answer.ok) { surface.errors.clear(); onChange(); }
    else toast(inWords(answer.error));
  };

  const complain = (surface, errors) => {
    surface.errors = new Map(Object.entries(errors));
    keepFocus(dialog, () => draw());
    const field = dialog.querySelector("[aria-invalid=true]");
    field?.scrollIntoView({ block: "center" });
    (field?.matches(".choices") ? field.querySelector("input") : field)?.focus();
  };

  const leave = async ({ all = false } = {}) => {
    if (!shown) return;
    const { id } = shown;
    for (const modal of state.view.modals) if (all || modal.id === id) left.add(modal.id);
    show(state.view.modals);
    await api.close({ user: state.me.id, view_id: id, ...(all && { all: true }) });
    onChange();
  };

  return { show };
}
