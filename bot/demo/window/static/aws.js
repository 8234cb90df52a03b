// The AWS side, beside Slack: what is configured now, and what is different from when it was made.

import { clock } from "./dates.js";
import { el, keyed } from "./dom.js";
import { names, store } from "./store.js";

const SIGNS = { OK: "✓", ALARM: "✕", INSUFFICIENT_DATA: "?" };

export function showAws(place) {
  const { functions = [], audit = [], queues = [] } = store.shown.aws;
  const parts = [
    { key: "functions", of: functions, make: () => functionsNode(functions) },
    { key: "audit", of: audit, make: () => auditNode(audit) },
    { key: "queues", of: queues, make: () => queuesNode(queues) },
  ];
  keyed(place, parts, (part) => part.key, (part) => part.of, (part) => part.make());
}

function functionsNode(functions) {
  if (!functions.length) return el("section", {}, el("p", { class: "empty" }, "Nothing is broken yet. Choose something under “Break something”."));
  return el(
    "section",
    {},
    [...functions].reverse().map((one) =>
      el(
        "div",
        { class: "aws-card", "data-function": one.name },
        el("h3", {}, el("span", { class: "aws-kind" }, "Lambda"), one.name),
        el(
          "div",
          { class: `alarm ${one.state}` },
          el("span", { "aria-hidden": "true" }, SIGNS[one.state] || ""),
          ` ${one.alarm}: `,
          el("b", { "data-alarm": one.alarm }, one.state),
        ),
        el("dl", {}, one.rows.flatMap(row)),
      ),
    ),
  );
}

function row(one) {
  const isNew = one.value !== one.was;
  return [
    el("dt", {}, one.name),
    el(
      "dd",
      { class: isNew ? "new" : "", "data-setting": one.name },
      isNew ? [el("s", { "aria-label": `was ${one.was}` }, one.was), " → "] : null,
      el("span", { class: "value" }, one.value),
    ),
  ];
}

function auditNode(audit) {
  return el(
    "section",
    {},
    el("h4", {}, "Audit trail"),
    audit.length
      ? el(
          "ol",
          { class: "audit" },
          audit.map((one) =>
            el(
              "li",
              { "data-event": one.event },
              el("span", { class: "number" }, `#${one.number}`),
              el("b", {}, one.event),
              ` ${one.action || ""} ${one.function_name || ""}`,
              el("small", {}, `${clock(new Date(one.at * 1000))} · ${names.person(one.by) || one.by}`, one.details?.reason ? ` · ${one.details.reason}` : ""),
            ),
          ),
        )
      : el("p", { class: "empty" }, "No change was asked for yet."),
  );
}

function queuesNode(queues) {
  const state = (one) => [one.waiting && `${one.waiting} waiting`, one.running && `${one.running} in work`, one.delayed && `${one.delayed} for later`].filter(Boolean);
  return el(
    "section",
    {},
    el("h4", {}, "Queues"),
    el(
      "dl",
      {},
      queues.flatMap((one) => [el("dt", {}, one.name), el("dd", { class: one.is_dead && one.waiting ? "bad" : "" }, state(one).join(", ") || "empty")]),
    ),
  );
}
