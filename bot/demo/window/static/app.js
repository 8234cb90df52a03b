// Joins the parts of the page.

import { showAws } from "./aws.js";
import { composer } from "./composer.js";
import { showHome, showTabs } from "./home.js";
import { drawIcons } from "./icons.js";
import { showChannel, showThread } from "./messages.js";
import { showModal } from "./modal.js";
import { popup } from "./popup.js";
import { markSeen, openChannel, showPeople, showSidebar } from "./sidebar.js";
import { act, go, listen, names, onChange, store } from "./store.js";
import { toast } from "./toast.js";

const node = (id) => document.getElementById(id);

const threadHead = () =>
  store.thread && store.shown.messages.find((one) => one.ts === store.thread.ts && one.channel === store.thread.channel);

function show() {
  if (!store.shown) return;
  if (!store.place) store.place = store.shown.channels[0].id;
  const isHome = store.place === "home";
  const head = threadHead();
  markSeen();
  showSidebar(node("places"));
  showPeople(node("people"));
  node("team").textContent = store.shown.team;
  node("channel-name").textContent = isHome ? store.shown.app.name : `# ${names.channel(store.place)}`;
  node("home").hidden = !isHome;
  node("channel-list").hidden = isHome;
  node("channel-composer").hidden = isHome;
  node("tabs").hidden = !isHome;
  if (isHome) showTabs(node("tabs"));
  if (isHome) showHome(node("home"));
  else {
    node("channel-list").dataset.of = store.place;
    showChannel(node("channel-list"), store.place);
    node("box").placeholder = `Message #${names.channel(store.place)}`;
    node("box").setAttribute("aria-label", `Message #${names.channel(store.place)}, or a command that begins with a slash`);
  }
  node("thread").hidden = !head;
  if (head) {
    node("thread-list").dataset.of = head.ts;
    node("thread-channel").textContent = `# ${names.channel(head.channel)}`;
    showThread(node("thread-list"), head);
  }
  showAws(node("aws-body"));
  showModal();
  tellPrivate();
  document.body.dataset.pane = store.pane === "thread" && !head ? "channel" : store.pane;
  document.body.classList.toggle("with-thread", Boolean(head));
  document.title = `${isHome ? store.shown.app.name : `#${names.channel(store.place)}`} · ${store.shown.team} · Lambda Medic demo`;
}

const told = new Set();

/** A private answer may stand where the person does not look: in the channel while the thread is open on a phone. */
function tellPrivate() {
  const isFirst = told.size === 0;
  for (const one of store.shown.messages) {
    if (!one.only_for || told.has(one.ts)) continue;
    told.add(one.ts);
    if (one.only_for === store.user && !isFirst && window.matchMedia("(max-width: 760px)").matches && store.pane !== "channel") {
      toast(`Only visible to you: ${one.text.replace(/<[^>|]*\|?([^>]*)>/g, "$1").slice(0, 200)}`);
    }
  }
  told.add("");
}

function scenarioMenu(event) {
  const rows = store.shown.scenarios.map((one) => ({
    text: one.title,
    detail: one.state || one.name,
    disabled: ["breaking", "broken"].includes(one.state),
    act: () => breakIt(one),
  }));
  popup(event.currentTarget, rows);
}

async function breakIt(one) {
  const answer = await act("scenario", { name: one.name });
  if (answer.error) return toast(answer.error, "error");
  toast(`Breaking ${one.name}; its alarm will fire in a moment.`);
  openChannel(store.shown.channels[0].id);
}

node("channel-composer").append(composer("box", () => store.place !== "home" && { channel: store.place }));
node("thread-composer").append(composer("thread-box", () => store.thread && { channel: store.thread.channel, thread_ts: store.thread.ts }));
node("thread-box").placeholder = "Reply… (mention @Lambda Medic to look again)";
node("thread-box").setAttribute("aria-label", "Reply in the thread");
node("break").addEventListener("click", scenarioMenu);
node("thread-close").addEventListener("click", () => {
  go({ thread: null, pane: "channel" });
  node("box").focus();
});
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => go({ pane: button.dataset.show }));
}
node("aws-toggle").addEventListener("click", () => {
  if (window.matchMedia("(max-width: 760px)").matches) return go({ pane: store.pane === "aws" ? "channel" : "aws" });
  const isClosed = document.body.classList.toggle("without-aws");
  node("aws-toggle").setAttribute("aria-expanded", String(!isClosed));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && store.thread && !node("layer").childElementCount) go({ thread: null, pane: "channel" });
});
document.addEventListener("permalink", ({ detail }) => {
  if (!store.shown.channels.some((one) => one.id === detail.channel)) return;
  go({ place: detail.channel, pane: "thread", thread: detail });
});
drawIcons();
onChange(show);
listen();
