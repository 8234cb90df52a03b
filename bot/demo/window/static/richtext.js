// The rich_text block.

import { dateWords } from "./dates.js";
import { el } from "./dom.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { link, mention } from "./mrkdwn.js";

const RUNS = {
  text: (run) => el("span", { class: styled(run.style) }, run.style?.code ? el("code", {}, run.text) : withEmoji(run.text)),
  link: (run) => link(run.url, run.text),
  emoji: (run) => el("span", {}, emojiOf(run.name)),
  user: (run, names) => mention(run.user_id, names),
  channel: (run, names) => el("span", { class: "mention" }, `#${names.channel(run.channel_id) || run.channel_id}`),
  date: (run) => el("time", {}, dateWords(run.timestamp, run.format, run.fallback || "")),
};

const PARTS = {
  rich_text_section: (part, names) => el("div", { class: "rt-section" }, runs(part, names)),
  rich_text_preformatted: (part) => el("pre", { class: "fence", tabindex: "0" }, part.elements.map((run) => run.text || run.url || "")),
  rich_text_quote: (part, names) => el("blockquote", {}, runs(part, names)),
  rich_text_list: (part, names) =>
    el(
      part.style === "ordered" ? "ol" : "ul",
      { class: `rt-list indent-${Math.min(part.indent || 0, 4)}` },
      part.elements.map((item) => el("li", {}, runs(item, names))),
    ),
};

export const RICH_TEXT = [...Object.keys(PARTS), ...Object.keys(RUNS)];

const runs = (part, names) => part.elements.map((run) => (RUNS[run.type] ? RUNS[run.type](run, names) : unknown(run.type)));

const styled = (style) => ["bold", "italic", "strike"].filter((name) => style?.[name]).join(" ");

export function richText(block, names) {
  return el(
    "div",
    { class: "rich-text" },
    block.elements.map((part) => (PARTS[part.type] ? PARTS[part.type](part, names) : unknown(part.type))),
  );
}

/** Says plainly that something cannot be shown. */
export function unknown(type) {
  return el("div", { class: "cannot-show", role: "alert" }, `This window cannot show “${type}”. Slack may.`);
}
