// Slack's mrkdwn as nodes. Escapes are undone last, in text nodes, so that no log line can pass for markup.
// Source: https://docs.slack.dev/messaging/formatting-message-text

import { dateWords } from "./dates.js";
import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";

const INLINE = new RegExp(
  [
    "(?<special><(?<kind>[!@#])(?<what>[^|>]*)(?:\\|(?<shown>[^>]*))?>)",
    "(?<link><(?<url>[^|>\\s]+)(?:\\|(?<label>[^>]*))?>)",
    "`(?<code>[^`\\n]+)`",
    "(?<![\\w*])\\*(?<bold>[^*\\n]+)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>[^_\\n]+)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>[^~\\n]+)~(?![\\w~])",
  ].join("|"),
  "g",
);

export const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const plain = (text) => withEmoji(unescaped(text));

/** Returns the text as nodes; `names` tells what people, groups and channels are called. */
export function mrkdwn(text, names) {
  const out = [];
  text.split(/```\n?([\s\S]*?)\n?```/).forEach((part, at) => {
    if (at % 2) out.push(el("pre", { class: "fence" }, unescaped(part)));
    else out.push(...quoted(part, names));
  });
  return out;
}

function quoted(text, names) {
  const out = [];
  let quote = [];
  let lines = [];
  const endLines = () => {
    if (lines.length) out.push(...inline(lines.join("\n"), names));
    lines = [];
  };
  const endQuote = () => {
    if (quote.length) out.push(el("blockquote", {}, inline(quote.join("\n"), names)));
    quote = [];
  };
  for (const line of text.split("\n")) {
    const found = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (found) {
      endLines();
      quote.push(found[1]);
    } else {
      endQuote();
      lines.push(line);
    }
  }
  endQuote();
  endLines();
  return out;
}

function inline(text, names) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > from) out.push(plain(text.slice(from, found.index)));
    out.push(marked(found.groups, names));
    from = found.index + found[0].length;
  }
  if (from < text.length) out.push(plain(text.slice(from)));
  return out;
}

function marked(groups, names) {
  if (groups.special) return special(groups.kind, groups.what, groups.shown, names);
  if (groups.link) return link(unescaped(groups.url), groups.label === undefined ? undefined : plain(groups.label));
  if (groups.code) return el("code", {}, unescaped(groups.code));
  if (groups.bold) return el("b", {}, inline(groups.bold, names));
  if (groups.italic) return el("i", {}, inline(groups.italic, names));
  return el("s", {}, inline(groups.strike, names));
}

function special(kind, what, shown, names) {
  if (kind === "@") return mention(what, names);
  if (kind === "#") return el("span", { class: "mention" }, `#${names.channel(what) || shown || what}`);
  const [word, ...rest] = what.split("^");
  if (word === "date") {
    const words = dateWords(rest[0], rest[1] || "", unescaped(shown || ""));
    const at = new Date(Number(rest[0]) * 1000);
    const time = el("time", { datetime: Number.isFinite(at.getTime()) ? at.toISOString() : "", title: at.toLocaleString() }, words);
    return rest[2] ? link(unescaped(rest[2]), time) : time;
  }
  if (word === "subteam") return el("span", { class: "mention" }, unescaped(shown || `@${rest[0]}`));
  return el("span", { class: "mention loud" }, `@${word}`);
}

export function mention(id, names) {
  return el("span", { class: "mention" }, `@${names.person(id) || id}`);
}

/** Returns a link; an address that is neither web nor mail stays text. */
export function link(url, label) {
  const message = /^https:\/\/[\w.-]*slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?.*thread_ts=([\d.]+))?/.exec(url);
  if (message) return permalink(url, label, { channel: message[1], ts: message[4] || `${message[2]}.${message[3]}` });
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return el("span", {}, label || url);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label || url);
}

/** Returns a link to a message of this workspace: it opens here and not at slack.com, which knows nothing of it. */
function permalink(url, label, place) {
  const open = (event) => {
    event.preventDefault();
    event.target.dispatchEvent(new CustomEvent("permalink", { bubbles: true, detail: place }));
  };
  return el("a", { href: url, onclick: open }, label || url);
}
