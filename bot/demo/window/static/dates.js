// Slack's date tokens, in the viewer's own time zone.
// Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting

const format = (date, options) => new Intl.DateTimeFormat(undefined, options).format(date);

const dayOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Returns "today", "yesterday", "tomorrow", or nothing. */
function near(date) {
  const days = Math.round((dayOf(date) - dayOf(new Date())) / 86400000);
  return { 0: "today", "-1": "yesterday", 1: "tomorrow" }[days];
}

export function ago(date) {
  const minutes = Math.round((Date.now() - date.getTime()) / 60000);
  if (Math.abs(minutes) < 1) return "just now";
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(-minutes, "minute");
  if (Math.abs(minutes) < 1440) return words.format(-Math.round(minutes / 60), "hour");
  return words.format(-Math.round(minutes / 1440), "day");
}

export const clock = (date) => format(date, { hour: "numeric", minute: "2-digit" });

const capital = (text) => text && text[0].toUpperCase() + text.slice(1);

const long = (date) => format(date, { weekday: "long", month: "long", day: "numeric", year: "numeric" });
const medium = (date) => format(date, { month: "long", day: "numeric", year: "numeric" });
const short = (date) => format(date, { month: "short", day: "numeric", year: "numeric" });

export const day = (date) => capital(near(date)) || format(date, { weekday: "long", month: "long", day: "numeric" });

const TOKENS = {
  date_num: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_slash: (date) => format(date, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: medium,
  date_short: short,
  date_long: long,
  date_pretty: (date) => near(date) || medium(date),
  date_short_pretty: (date) => near(date) || short(date),
  date_long_pretty: (date) => near(date) || long(date),
  time: clock,
  time_secs: (date) => format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Returns the words for a token, or its fallback where the time or a name in braces is none. */
export function dateWords(seconds, pattern, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (!Number.isFinite(date.getTime())) return fallback;
  let unknown = false;
  const words = pattern.replace(/\{([a-z_]+)\}/g, (_, name) => {
    if (!TOKENS[name]) unknown = true;
    return TOKENS[name] ? TOKENS[name](date) : "";
  });
  return unknown ? fallback : words;
}
