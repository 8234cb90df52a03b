// A channel's messages, a thread's messages, and what can be done about one.

import { renderBlocks } from "./blocks.js";
import { ago, clock, day } from "./dates.js";
import { el, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { popup } from "./popup.js";
import { act, go, heads, imageSource, names, person, replies, store } from "./store.js";
import { toast } from "./toast.js";

const at = (message) => new Date(Number(message.ts.split(".")[0]) * 1000);

export function avatar(one, size = "") {
  const node = el("span", { class: `avatar ${one.kind} ${size}`, "aria-hidden": "true" }, one.initials);
  node.style.background = one.color;
  return node;
}

/** Shows a channel; keeps the reader's place unless they were at the end. */
export function showChannel(list, channel) {
  const rows = withDays(heads(channel).map((message) => ({ message, replies: replies(message) })));
  draw(list, rows, (row) => messageNode(row.message, row.replies));
}

export function showThread(list, head) {
  const answers = replies(head);
  const rows = [{ message: head, replies: [] }, ...(answers.length ? [{ count: answers.length }] : []), ...answers.map((message) => ({ message, replies: [] }))];
  draw(list, rows, (row) => messageNode(row.message, []));
}

function withDays(rows) {
  let last = "";
  return rows.flatMap((row) => {
    const name = day(at(row.message));
    if (name === last) return [row];
    last = name;
    return [{ day: name }, row];
  });
}

function draw(list, rows, make) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const isNew = list.dataset.of !== list.dataset.drawn;
  keyed(
    list,
    rows,
    (row) => (row.message ? row.message.ts : row.day || "count"),
    (row) => [row.message || row, row.replies?.map((one) => one.ts), row.message?.files.map((id) => store.shown.files[id]), store.user],
    (row) => (row.day ? divider(row.day) : row.count ? divider(`${row.count} ${row.count === 1 ? "reply" : "replies"}`, "count") : make(row)),
  );
  list.dataset.drawn = list.dataset.of;
  if (isNew && list.id === "thread-list") list.scrollTop = 0;
  else if (atEnd && list.id !== "thread-list") list.scrollTop = list.scrollHeight;
}

const divider = (text, kind = "day") => el("li", { class: `divider ${kind}`, role: "separator" }, el("span", {}, text));

function messageNode(message, answers) {
  const one = person(message.user);
  const who = el("div", { class: "who" }, el("b", {}, one.name), one.kind === "app" && el("span", { class: "badge" }, "APP"), stamp(message));
  return el(
    "li",
    { class: `message${message.only_for ? " private" : ""}`, "data-ts": message.ts, tabindex: "-1" },
    message.is_broadcast && el("div", { class: "broadcast" }, "replied to a thread"),
    avatar(one),
    el(
      "div",
      { class: "message-main" },
      message.only_for && el("div", { class: "only-you" }, icon("eye"), " Only visible to you"),
      who,
      bodyOf(message),
      message.files.map((id) => fileNode(store.shown.files[id])),
      answers.length ? threadLink(message, answers) : null,
    ),
    tools(message),
  );
}

function stamp(message) {
  const date = at(message);
  return el("time", { class: "stamp", datetime: date.toISOString(), title: date.toLocaleString() }, clock(date));
}

function bodyOf(message) {
  if (!message.blocks.length) {
    const edited = message.edits ? el("span", { class: "edited" }, " (edited)") : null;
    return el("div", { class: "body text" }, mrkdwn(message.text, names), edited);
  }
  const states = new Map();
  const where = { channel: message.channel, ts: message.ts };
  const around = {
    names,
    imageSource,
    act: (action) => clicked({ where, action, state: {} }),
    suggest: (block_id, action_id, value) => act("suggest", { where, block_id, action_id, value }),
    stateOf: (id) => states.get(id) || states.set(id, new Map()).get(id),
  };
  return el("div", { class: "body" }, renderBlocks(message.blocks, around));
}

async function clicked(asked) {
  const answer = await act("click", asked);
  if (answer.error) toast(`Lambda Medic did not respond (${answer.error}).`, "error");
  return answer;
}

function fileNode(file) {
  if (!file) return null;
  const address = `files/${encodeURIComponent(file.id)}`;
  const name = el("div", { class: "file-name" }, file.title);
  if (file.image) {
    return el("figure", { class: "picture file" }, name, el("a", { href: address, target: "_blank", rel: "noopener" }, el("img", { src: address, alt: file.alt || file.title })));
  }
  const size = file.size < 1000 ? `${file.size} bytes` : `${Math.round(file.size / 1000)} kB`;
  return el(
    "div",
    { class: "file" },
    el("div", { class: "file-head" }, el("span", { class: "file-icon", "aria-hidden": "true" }, icon("file")), el("div", {}, name, el("small", {}, `Plain text · ${size}`)), el("a", { class: "button", href: address }, "Download")),
    el("details", {}, el("summary", {}, "Preview"), el("pre", { tabindex: "0" }, file.preview)),
  );
}

function threadLink(message, answers) {
  const last = answers[answers.length - 1];
  const faces = [...new Set(answers.map((one) => one.user))].slice(0, 3).map((id) => avatar(person(id), "tiny"));
  const count = `${answers.length} ${answers.length === 1 ? "reply" : "replies"}`;
  return el(
    "button",
    { class: "thread-link", type: "button", onclick: () => openThread(message) },
    faces,
    el("b", {}, count),
    el("span", { class: "last" }, `Last reply ${ago(at(last))}`),
  );
}

export function openThread(message) {
  go({ thread: { channel: message.channel, ts: message.thread_ts || message.ts }, pane: "thread" });
  document.getElementById("thread-close").focus();
}

function tools(message) {
  const shortcuts = store.shown.shortcuts.filter((one) => one.type === "message");
  const use = async (one) => {
    const answer = await act("shortcut", { callback_id: one.callback_id, channel: message.channel, ts: message.ts });
    if (answer.error) toast(`Lambda Medic did not respond (${answer.error}).`, "error");
  };
  const more = el(
    "button",
    {
      type: "button",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      onclick: () => popup(more, shortcuts.map((one) => ({ text: one.name, detail: "Lambda Medic", act: () => use(one) }))),
    },
    icon("more"),
  );
  return el(
    "div",
    { class: "tools" },
    !message.only_for && el("button", { type: "button", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => openThread(message) }, icon("reply")),
    shortcuts.length && !message.only_for ? more : null,
  );
}
