// Builds elements. Text gets in as text nodes only: nothing here or elsewhere in the page parses HTML.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replaces the children of `parent` with keyed nodes; a node whose content is the same stays, and with it its focus. */
export function keyed(parent, items, keyOf, contentOf, make) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map((item) => {
    const key = String(keyOf(item));
    const content = JSON.stringify(contentOf(item));
    const before = old.get(key);
    if (before && before.keptContent === content) return before;
    const node = make(item);
    node.dataset.key = key;
    node.keptContent = content;
    return node;
  });
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const holder = focused && [...parent.children].find((node) => node.contains(focused));
  wanted.forEach((node, at) => {
    if (parent.children[at] !== node) parent.insertBefore(node, parent.children[at] || null);
  });
  while (parent.children.length > wanted.length) parent.lastElementChild.remove();
  if (focused && !focused.isConnected) refocus(wanted.find((node) => node.dataset.key === holder.dataset.key), focused.dataset.action);
}

/** Gives the focus back to what stands where it was, so that a person at the keyboard keeps their place when a message is edited. */
function refocus(node, action) {
  const same = action && [...(node?.querySelectorAll("[data-action]") || [])].find((one) => one.dataset.action === action);
  (same || node)?.focus({ preventScroll: true });
}

export const FOCUSABLE =
  'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), [tabindex]:not([tabindex="-1"])';

/** Keeps Tab inside a dialog. */
export function trapFocus(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const inside = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.offsetParent !== null);
    if (!inside.length) return;
    const [first, last] = [inside[0], inside[inside.length - 1]];
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first.focus();
    }
  });
}
