// The list of channels and apps, and who acts.

import { el } from "./dom.js";
import { avatar } from "./messages.js";
import { go, heads, store } from "./store.js";
import { openHome } from "./home.js";

const ROLES = { "on-call": "on call", approver: "may approve", stranger: "stranger" };

export function showSidebar(place) {
  const now = JSON.stringify([store.shown.channels, store.place, unread()]);
  if (place.dataset.now === now) return;
  place.dataset.now = now;
  const focused = document.activeElement?.dataset?.place;
  place.replaceChildren(
    el("h2", {}, "Channels"),
    el("ul", {}, store.shown.channels.map((one) => item(one.id, `# ${one.name}`, () => openChannel(one.id)))),
    el("h2", {}, "Apps"),
    el("ul", {}, item("home", store.shown.app.name, goHome, "λ")),
  );
  if (focused) place.querySelector(`[data-place="${focused}"]`)?.focus();
}

function unread() {
  return store.shown.channels.map((one) => newest(one.id) > (store.seen.get(one.id) || "") && one.id !== store.place);
}

const newest = (channel) => heads(channel).at(-1)?.ts || "";

function item(id, text, open, icon) {
  const isHere = store.place === id;
  const isNew = id !== "home" && !isHere && newest(id) > (store.seen.get(id) || "");
  return el(
    "li",
    {},
    el(
      "button",
      { type: "button", class: `${isHere ? "here" : ""} ${isNew ? "unread" : ""}`, "aria-current": isHere ? "page" : null, "data-place": id, onclick: open },
      icon && el("span", { class: "app-icon", "aria-hidden": "true" }, icon),
      text,
      isNew && el("span", { class: "sr" }, " (unread)"),
    ),
  );
}

export const openChannel = (id) => go({ place: id, pane: "channel", thread: store.thread?.channel === id ? store.thread : null });

export function goHome() {
  go({ place: "home", pane: "channel", thread: null });
  openHome();
}

/** Marks what is on the screen as read. */
export function markSeen() {
  if (store.place && store.place !== "home") store.seen.set(store.place, newest(store.place));
}

export function showPeople(place) {
  const people = store.shown.people.filter((one) => one.kind === "person");
  const now = JSON.stringify([people, store.user]);
  if (place.dataset.now === now) return;
  place.dataset.now = now;
  place.replaceChildren(
    ...people.map((one) =>
      el(
        "button",
        {
          type: "button",
          role: "radio",
          class: "person",
          "aria-checked": String(store.user === one.id),
          "data-person": one.id,
          title: `Act as ${one.name}, ${ROLES[one.role] || one.role}`,
          onclick: () => act(one.id),
        },
        avatar(one, "small"),
        el("span", { class: "person-name" }, one.name.split(" ")[0], el("small", {}, ROLES[one.role] || one.role)),
      ),
    ),
  );
}

function act(id) {
  go({ user: id });
  if (store.place === "home") openHome();
  document.querySelector(`[data-person="${id}"]`)?.focus();
}
