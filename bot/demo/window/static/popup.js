// A menu that opens at a button.

import { el } from "./dom.js";

let closeOpen = () => {};

/** Opens a menu of {text, detail, act, disabled} at a button. */
export function popup(opener, rows) {
  closeOpen();
  const menu = el(
    "div",
    { class: "popup", role: "menu" },
    rows.map((row) =>
      el(
        "button",
        {
          type: "button",
          role: "menuitem",
          disabled: row.disabled,
          onclick: () => {
            close();
            row.act();
          },
        },
        el("span", {}, row.text),
        row.detail && el("small", {}, row.detail),
      ),
    ),
  );
  const outside = (event) => {
    if (!menu.contains(event.target) && !opener.contains(event.target)) close(false);
  };
  const close = (focus = true) => {
    menu.remove();
    document.removeEventListener("mousedown", outside);
    opener.setAttribute("aria-expanded", "false");
    closeOpen = () => {};
    if (focus) opener.focus();
  };
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("button:not([disabled])")];
    const at = items.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  closeOpen = close;
  document.addEventListener("mousedown", outside);
  document.body.append(menu);
  const box = opener.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - menu.offsetWidth - 8))}px`;
  const below = box.bottom + 4 + menu.offsetHeight < window.innerHeight;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - menu.offsetHeight - 4)}px`;
  opener.setAttribute("aria-expanded", "true");
  menu.querySelector("button:not([disabled])")?.focus();
}
