// When a part of the page is drawn again, whoever was typing or tabbing in it must not notice.

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), textarea:not([disabled]), select, summary, [tabindex]";

/** Runs `change`, which may replace everything in `root`, and puts focus and caret back where they were. */
export function keepFocus(root, change) {
  const place = root.contains(document.activeElement) ? remember(root) : null;
  change();
  if (place && !root.contains(document.activeElement)) place();
}

/** Answers a function that puts the focus back to where it is now, or as near as possible. */
export function remember(root) {
  const active = document.activeElement;
  if (!active || !root.contains(active)) return () => {};
  const action = active.closest("[data-action-id]")?.dataset.actionId;
  const block = active.closest("[data-block-id]")?.dataset.blockId;
  const message = active.closest("[data-ts]")?.dataset.ts;
  const value = active.matches("input[type=radio], input[type=checkbox]") ? active.value : null;
  const index = focusables(root).indexOf(active);
  const caret = caretOf(active);
  return () => {
    if (root.contains(active)) { active.focus({ preventScroll: true }); return; }
    const scope = (message && root.querySelector(`[data-ts="${CSS.escape(message)}"]`)) || root;
    const inBlock = block && [...scope.querySelectorAll("[data-block-id]")].find((node) => node.dataset.blockId === block);
    const target = (inBlock && named(inBlock, action, value)) || named(scope, action, value) || focusables(root)[Math.min(index, focusables(root).length - 1)];
    target?.focus({ preventScroll: true });
    if (target && caret) caret(target);
  };
}

function focusables(root) {
  return [...root.querySelectorAll(FOCUSABLE)].filter((node) => node.tabIndex >= 0 && node.getClientRects().length);
}

function named(scope, action, value) {
  if (!action) return null;
  const found = [...scope.querySelectorAll("[data-action-id]")].find((node) => node.dataset.actionId === action);
  if (!found || value === null) return found;
  return [...found.querySelectorAll("input")].find((box) => box.value === value) ?? found;
}

function caretOf(node) {
  if (typeof node.selectionStart !== "number") return null;
  const { selectionStart, selectionEnd, scrollTop } = node;
  return (target) => {
    try {
      target.setSelectionRange(selectionStart, selectionEnd);
      target.scrollTop = scrollTop;
    } catch { /* an e-mail field has no caret to set */ }
  };
}
