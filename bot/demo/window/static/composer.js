// The message box, with type-ahead of commands.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { popup } from "./popup.js";
import { act, store } from "./store.js";
import { toast } from "./toast.js";

/** Returns the suggestions for what stands in the box: {text, hint}. */
export function suggestions(text, shown) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  const rows = shown.commands.flatMap((one) => [
    ...shown.subcommands.map((sub) => ({ text: `${one.command} ${sub.name}`, hint: sub.hint })),
  ]);
  const functions = shown.commands.flatMap((one) =>
    shown.aws.functions?.flatMap((fn) =>
      ["why", "history", "mute", "audit"].map((sub) => ({ text: `${one.command} ${sub} ${fn.name}`, hint: "function" })),
    ) || [],
  );
  const wanted = text.toLowerCase();
  const hits = [...rows, ...(wanted.split(" ").length > 2 ? functions : [])].filter(
    (row) => row.text.startsWith(wanted) && row.text !== wanted.trimEnd(),
  );
  return hits.slice(0, 10);
}

export function composer(id, placeOf) {
  const listId = `${id}-list`;
  const list = el("ul", { class: "options above", role: "listbox", id: listId, hidden: true, "aria-label": "Commands" });
  let rows = [];
  let at = 0;

  const hide = () => {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const suggest = () => {
    rows = !store.shown || placeOf()?.thread_ts ? [] : suggestions(box.value, store.shown);
    if (!rows.length) return hide();
    at = Math.min(at, rows.length - 1);
    list.replaceChildren(
      ...rows.map((row, number) =>
        el(
          "li",
          { role: "option", id: `${listId}-${number}`, "aria-selected": String(number === at), onmousedown: (event) => (event.preventDefault(), take(number)) },
          el("b", {}, row.text),
          el("span", {}, row.hint),
        ),
      ),
    );
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    box.setAttribute("aria-activedescendant", `${listId}-${at}`);
  };
  const take = (number) => {
    box.value = `${rows[number].text} `;
    at = 0;
    suggest();
    box.focus();
  };
  const grow = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  };
  const send = async () => {
    const text = box.value.trim();
    const place = placeOf();
    if (!text || !place || !store.shown) return;
    box.value = "";
    hide();
    grow();
    const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    if (command && place.thread_ts) {
      box.value = text;
      return toast("Slash commands do not work in threads.", "error");
    }
    if (command && !store.shown.commands.some((one) => one.command === command[1])) {
      return toast(`${command[1]} is not a valid command.`, "error");
    }
    const answer = command
      ? await act("slash", { channel: place.channel, command: command[1], text: command[2] })
      : await act("say", { ...place, text });
    if (answer.error && !command) toast(answer.error, "error");
  };

  const box = el("textarea", {
    id,
    rows: 1,
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    oninput: () => {
      at = 0;
      grow();
      suggest();
    },
    onblur: hide,
    onkeydown: (event) => {
      const isOpen = !list.hidden;
      if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        at = (at + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length;
        suggest();
      } else if (isOpen && event.key === "Tab") take(at);
      else if (isOpen && event.key === "Escape") hide();
      else if (event.key === "Enter" && !event.shiftKey) send();
      else return;
      event.preventDefault();
    },
  });
  const command = () => {
    box.value = "/";
    box.focus();
    suggest();
  };
  const shortcuts = () =>
    store.shown.shortcuts
      .filter((one) => one.type === "global")
      .map((one) => ({ text: one.name, detail: store.shown.app.name, act: () => use(one) }));
  const use = async (one) => {
    const answer = await act("ask", { callback_id: one.callback_id });
    if (answer.error) toast(`Lambda Medic did not respond (${answer.error}).`, "error");
  };
  const sendButton = el("button", { class: "send", type: "button", "aria-label": "Send", onclick: send }, icon("send"));
  const slash = el(
    "button",
    {
      type: "button",
      class: "icon",
      "aria-label": "Commands and shortcuts",
      title: "Commands and shortcuts",
      "aria-haspopup": "menu",
      onclick: () => popup(slash, [...(placeOf()?.thread_ts ? [] : [{ text: "Type a command", detail: "/lambda …", act: command }]), ...shortcuts()]),
    },
    icon("plus"),
  );
  return el("div", { class: "composer" }, list, box, el("div", { class: "composer-tools" }, slash, el("span", { class: "grow" }), sendButton));
}
