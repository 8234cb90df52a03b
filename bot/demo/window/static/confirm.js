// The dialog that asks again before a button acts.

import { el, trapFocus } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, unescaped } from "./mrkdwn.js";

const NOBODY = { person: () => "", channel: () => "" };

export function confirmed(asked, opener) {
  return new Promise((resolve) => {
    const end = (answer) => {
      shade.remove();
      opener.focus();
      resolve(answer);
    };
    const words = asked.text.type === "mrkdwn" ? mrkdwn(asked.text.text, NOBODY) : [withEmoji(unescaped(asked.text.text))];
    const style = asked.style === "danger" ? "danger" : "primary";
    const no = el("button", { class: "button", type: "button", onclick: () => end(false) }, asked.deny.text);
    const yes = el("button", { class: `button ${style}`, type: "button", onclick: () => end(true) }, asked.confirm.text);
    const dialog = el(
      "div",
      { class: "modal confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      el("header", {}, el("h2", { id: "confirm-title" }, withEmoji(asked.title.text))),
      el("div", { class: "modal-body", id: "confirm-text" }, words),
      el("footer", {}, no, yes),
    );
    const shade = el("div", { class: "shade" }, dialog);
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        end(false);
      }
    });
    trapFocus(dialog);
    document.body.append(shade);
    yes.focus();
  });
}
