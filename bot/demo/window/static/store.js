// The state of the page: what the server last said, who acts, and what they look at.

const kept = (name, otherwise) => {
  try {
    return sessionStorage.getItem(name) || otherwise;
  } catch {
    return otherwise;
  }
};

export const store = {
  shown: null,
  user: kept("user", "U0ONCALL"),
  place: "",
  thread: null,
  pane: "channel",
  seen: new Map(),
};

const listeners = new Set();

export const onChange = (listener) => listeners.add(listener);

export const changed = () => listeners.forEach((listener) => listener());

export function go(what) {
  Object.assign(store, what);
  try {
    sessionStorage.setItem("user", store.user);
  } catch {
    // A browser without storage forgets who acted last.
  }
  changed();
}

export const names = {
  person: (id) => store.shown?.people.find((one) => one.id === id)?.name,
  channel: (id) => store.shown?.channels.find((one) => one.id === id)?.name,
};

export const person = (id) =>
  store.shown.people.find((one) => one.id === id) || { id, name: id, initials: "?", color: "#616061", kind: "person" };

export const isFor = (message) => !message.only_for || message.only_for === store.user;

export const messagesIn = (channel) => store.shown.messages.filter((message) => message.channel === channel && isFor(message));

export const heads = (channel) => messagesIn(channel).filter((message) => !message.thread_ts || message.is_broadcast);

export const replies = (head) => messagesIn(head.channel).filter((message) => message.thread_ts === head.ts);

export function imageSource(block) {
  if (block.slack_file?.id) return `files/${encodeURIComponent(block.slack_file.id)}`;
  return block.image_url || "";
}

/** Does something as the person who is chosen and returns what only their screen has to know. */
export async function act(kind, more) {
  try {
    const response = await fetch("act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ kind, user: store.user, ...more }),
    });
    if (!response.ok) return { error: `HTTP ${response.status}` };
    return await response.json();
  } catch (fault) {
    return { error: `the demo has ended (${fault.message})` };
  }
}

export function listen() {
  const source = new EventSource("events");
  source.onmessage = (event) => {
    store.shown = JSON.parse(event.data);
    changed();
  };
  source.onerror = () => document.body.classList.add("gone");
  source.onopen = () => document.body.classList.remove("gone");
}
