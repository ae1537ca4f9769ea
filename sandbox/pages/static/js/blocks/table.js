// table: rows of cells, each plain text, a number or rich text; the first row is its head.
import { h } from "../dom.js";
import { richElements } from "./rich_text.js";

export function table(block) {
  const settings = block.column_settings ?? [];
  const [head, ...body] = block.rows ?? [];
  const row = (cells, tag) => h("tr", {}, (cells ?? []).map((cell, column) => h(tag, {
    class: settings[column]?.is_wrapped ? "wrapped" : null,
    scope: tag === "th" ? "col" : null,
    style: { "text-align": settings[column]?.align ?? "left" },
    dir: "auto",
  }, cellOf(cell))));
  return h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", { class: "table" }, h("thead", {}, row(head, "th")), h("tbody", {}, body.map((cells) => row(cells, "td")))));
}

function cellOf(cell) {
  if (cell.type === "rich_text") return richElements(cell.elements);
  return cell.text ?? String(cell.value ?? "");
}
