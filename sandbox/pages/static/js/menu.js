// The list that opens under a select, an overflow button or the composer's hints.
import { freshId, h, icon, replace } from "./dom.js";

let current = null;

/**
 * Opens a list under `anchor`. One choice: `onPick(choice)`; several: `onChange(choices)` at each change.
 * `choices` is the list, or `search(query)` answers one; `filter` shows a field to type in.
 */
export function openMenu({ anchor, label, choices, search, least = 0, filter = false, many = false, most, selected = [], onPick, onChange, onClose }) {
  const again = current?.anchor === anchor;
  closeMenu();
  if (again) return;

  let shown = [];
  let active = 0;
  let chosen = [...selected];
  const listId = freshId("list");
  const list = h("div", { class: "menu-list", id: listId, role: filter ? "listbox" : "menu", "aria-label": label, "aria-multiselectable": many ? "true" : null, tabindex: filter ? null : "-1", onpointerdown: (event) => event.preventDefault() });
  const field = filter && h("input", { class: "menu-filter", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": `Filter: ${label}`, placeholder: least ? `Type ${least} characters or more` : "Search", autocomplete: "off", oninput: () => refill() });
  const menu = h("div", { class: "menu", popover: "manual", onkeydown: (event) => keys(event) }, field && h("div", { class: "menu-search" }, icon("search"), field), list);

  const isChosen = (choice) => chosen.some(({ id }) => id === choice.id);
  const draw = () => {
    let group = null;
    replace(list, shown.length ? [] : h("div", { class: "menu-empty" }, search && (field.value.length < least) ? "Keep typing to search" : "Nothing matches"), shown.flatMap((choice, index) => {
      const title = choice.group && choice.group !== group ? h("div", { class: "menu-group", role: "presentation" }, choice.group) : null;
      group = choice.group;
      return [title, h("div", {
        class: index === active ? "menu-item is-active" : "menu-item",
        id: `${listId}-${index}`,
        role: filter ? "option" : "menuitem",
        "aria-selected": filter ? String(isChosen(choice)) : null,
        data: { value: choice.id },
        onpointermove: () => index !== active && mark(index),
        onclick: () => pick(choice),
      }, choice.colour && h("span", { class: "dot", style: { background: choice.colour } }),
      h("span", { class: "menu-text", dir: "auto" }, choice.label, choice.description && h("span", { class: "menu-description" }, choice.description)), isChosen(choice) && icon("check"))];
    }));
    mark(Math.min(active, Math.max(0, shown.length - 1)));
  };
  const mark = (index) => {
    active = index;
    for (const item of list.querySelectorAll(".menu-item")) item.classList.toggle("is-active", item.id === `${listId}-${index}`);
    const item = document.getElementById(`${listId}-${index}`);
    item?.scrollIntoView({ block: "nearest" });
    (field || list).setAttribute("aria-activedescendant", item?.id ?? "");
  };
  let question = 0;
  const refill = async () => {
    const query = field ? field.value.trim() : "";
    const mine = ++question;
    const found = search ? await search(query) : choices.filter((choice) => `${choice.label} ${choice.description ?? ""}`.toLowerCase().includes(query.toLowerCase()));
    if (mine !== question) return;
    shown = found;
    active = query ? 0 : Math.max(0, shown.findIndex(isChosen));
    draw();
  };
  const pick = (choice) => {
    if (!many) { closeMenu(); onPick(choice); return; }
    if (isChosen(choice)) chosen = chosen.filter(({ id }) => id !== choice.id);
    else if (!most || chosen.length < most) chosen = [...chosen, choice];
    draw();
    onChange(chosen);
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) mark((active + step + shown.length) % shown.length);
    else if (event.key === "Enter" || (event.key === " " && !field)) { if (shown[active]) pick(shown[active]); }
    else if (event.key === "Escape" || event.key === "Tab") closeMenu();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  const outside = (event) => !menu.contains(event.target) && !anchor.contains(event.target) && closeMenu({ refocus: false });

  (anchor.closest("dialog") ?? document.body).append(menu);
  menu.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside, true);
  current = { anchor, close: ({ refocus = true } = {}) => {
    document.removeEventListener("pointerdown", outside, true);
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (refocus && anchor.isConnected) anchor.focus();
    onClose?.();
  } };
  place(menu, anchor, filter);
  (field || list).focus();
  refill().then(() => place(menu, anchor, filter));
}

export function closeMenu(how) {
  const closing = current;
  current = null;
  closing?.close(how);
}

function place(menu, anchor, wide) {
  if (!anchor.isConnected) return;
  const box = anchor.getBoundingClientRect();
  menu.style.minWidth = `${Math.max(wide ? 240 : 160, box.width)}px`;
  menu.style.left = "8px";   // near the right edge it would be measured narrower than it is
  const size = menu.getBoundingClientRect();
  const below = box.bottom + 4 + size.height <= innerHeight;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : Math.max(8, box.top - size.height - 4))}px`;
  menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - size.width - 8))}px`;
}
