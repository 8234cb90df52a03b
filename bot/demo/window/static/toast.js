// Short notes at the edge of the screen, read out by screen readers.

import { el } from "./dom.js";

export function toast(text, kind = "") {
  const note = el("div", { class: `toast ${kind}` }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "error" ? 9000 : 5000);
}
