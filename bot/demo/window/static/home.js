// The app's home tab.

import { renderBlocks } from "./blocks.js";
import { el } from "./dom.js";
import { showChannel } from "./messages.js";
import { act, changed, imageSource, names, store } from "./store.js";
import { toast } from "./toast.js";

let drawn = "";
let tab = "home";

/** Draws the two tabs of the app: its home and its own conversation with the person. */
export function showTabs(place) {
  const tabs = [
    ["home", "Home"],
    ["messages", "Messages"],
  ];
  if (place.dataset.now === tab) return;
  place.dataset.now = tab;
  place.replaceChildren(
    ...tabs.map(([id, text]) =>
      el(
        "button",
        {
          type: "button",
          role: "tab",
          "aria-selected": String(tab === id),
          "data-tab": id,
          onclick: () => {
            tab = id;
            drawn = "";
            changed();
            document.querySelector(`[data-tab="${id}"]`)?.focus();
          },
        },
        text,
      ),
    ),
  );
}

export async function openHome() {
  const answer = await act("home", {});
  if (answer.error) toast(`Lambda Medic did not respond (${answer.error}).`, "error");
}

export function showHome(place) {
  if (tab === "messages") return showConversation(place);
  const view = store.shown.homes[store.user];
  const now = `${store.user} ${view?.hash}`;
  if (now === drawn && place.childElementCount) return;
  drawn = now;
  if (!view) {
    place.replaceChildren(el("p", { class: "empty" }, "Lambda Medic is drawing this page…"));
    return;
  }
  const states = new Map();
  const where = { view_id: view.id };
  const around = {
    names,
    imageSource,
    act: (action) => act("click", { where, action, state: {} }),
    suggest: (block_id, action_id, value) => act("suggest", { where, block_id, action_id, value }),
    stateOf: (id) => states.get(id) || states.set(id, new Map()).get(id),
  };
  place.replaceChildren(...renderBlocks(view.blocks, around));
}

function showConversation(place) {
  const channel = `D${store.user.slice(1)}`;
  if (drawn !== channel) place.replaceChildren(el("ol", { class: "messages" }));
  drawn = channel;
  showChannel(place.firstElementChild, channel);
  if (!place.firstElementChild.childElementCount) place.firstElementChild.append(el("li", { class: "empty" }, "No messages yet."));
}
