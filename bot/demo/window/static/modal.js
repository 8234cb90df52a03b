// The window on top of a person's stack.

import { renderBlocks } from "./blocks.js";
import { el, FOCUSABLE, trapFocus } from "./dom.js";
import { faultOf, textOf } from "./elements.js";
import { icon } from "./icons.js";
import { act, imageSource, names, store } from "./store.js";

let open = null;

const top = () => {
  const stack = store.shown.views[store.user] || [];
  return stack[stack.length - 1];
};

/** Shows, redraws or removes the window, as the state says. */
export function showModal() {
  const view = top();
  const layer = document.getElementById("layer");
  if (!view) {
    if (open) {
      layer.replaceChildren();
      open.opener?.isConnected ? open.opener.focus() : document.getElementById("box")?.focus();
      open = null;
    }
    return;
  }
  if (open?.id === view.id && open.hash === view.hash && open.user === store.user) return;
  const isSame = open?.id === view.id && open.user === store.user;
  const opener = open ? open.opener : document.activeElement;
  open = { id: view.id, hash: view.hash, user: store.user, opener, states: isSame ? open.states : new Map(), faults: {}, problem: "" };
  draw(view, true);
}

function draw(view, moveFocus) {
  const layer = document.getElementById("layer");
  const shown = open;
  const send = () => submit(view);
  const close = () => act("close", { view_id: view.id });
  const form = el(
    "div",
    { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": "modal-title", "data-callback": view.callback_id, "data-view": view.id },
    el(
      "header",
      {},
      el("span", { class: "modal-app", "aria-hidden": "true" }, "λ"),
      el("h2", { id: "modal-title" }, textOf(view.title)),
      el("button", { class: "icon", type: "button", "aria-label": "Close", onclick: close }, icon("close")),
    ),
    el("div", { class: "modal-body" }, shown.problem && el("div", { class: "problem", role: "alert" }, shown.problem), renderBlocks(view.blocks, around(view, send))),
    (view.submit || view.close) &&
      el(
        "footer",
        {},
        el("button", { class: "button", type: "button", onclick: close }, textOf(view.close) || "Cancel"),
        view.submit && el("button", { class: "button primary", type: "button", id: "modal-submit", onclick: send }, textOf(view.submit)),
      ),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  trapFocus(form);
  layer.replaceChildren(el("div", { class: "shade" }, form));
  if (!moveFocus) return;
  const fields = [...form.querySelectorAll(".modal-body " + FOCUSABLE.replaceAll(", ", ", .modal-body "))];
  (form.querySelector("[aria-invalid]") || fields[0] || form.querySelector("#modal-submit") || form.querySelector("header button")).focus();
}

function around(view, send) {
  const where = { view_id: view.id };
  return {
    names,
    imageSource,
    act: (action) => act("click", { where, action, state: values(view) }),
    suggest: (block_id, action_id, value) => act("suggest", { where, block_id, action_id, value }),
    stateOf: (id) => open.states.get(id) || open.states.set(id, new Map()).get(id),
    faults: open.faults,
    submit: send,
  };
}

function values(view) {
  const inputs = view.blocks.filter((block) => block.type === "input" || block.type === "actions" || block.accessory);
  return Object.fromEntries(inputs.map((block) => [block.block_id, Object.fromEntries(open.states.get(block.block_id) || [])]));
}

async function submit(view) {
  const shown = open;
  shown.faults = {};
  shown.problem = "";
  for (const block of view.blocks.filter((one) => one.type === "input")) {
    const fault = faultOf(block, shown.states.get(block.block_id)?.get(block.element.action_id));
    if (fault) shown.faults[block.block_id] = fault;
  }
  if (Object.keys(shown.faults).length) return draw(view, true);
  const button = document.getElementById("modal-submit");
  button.setAttribute("aria-busy", "true");
  const answer = await act("submit", { view_id: view.id, state: values(view) });
  button.removeAttribute("aria-busy");
  if (open !== shown) return;
  shown.faults = answer.errors || {};
  shown.problem = answer.error || "";
  if (answer.errors || answer.error) draw(view, true);
}
