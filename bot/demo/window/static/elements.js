// What people press, choose and fill in. Each takes its element and a context that knows where it stands:
// {where, block_id, state, act(action), suggest(block_id, action_id, value), describe}

import { confirmed } from "./confirm.js";
import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { popup } from "./popup.js";

const words = (text) => withEmoji(text?.text || "");

export const textOf = words;

/** Sends an action after the dialog that asks again, if there is one; the control shows that it is on its way. */
async function press(node, element, context, more) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmed(element.confirm, node))) return;
  node.setAttribute("aria-busy", "true");
  node.classList.remove("failed");
  const answer = await context.act({ type: element.type, action_id: element.action_id, block_id: context.block_id, ...more });
  node.removeAttribute("aria-busy");
  if (answer?.error) {
    node.classList.add("failed");
    node.title = `Lambda Medic did not respond (${answer.error})`;
  }
}

function button(element, context) {
  const style = element.style ? ` ${element.style}` : "";
  const label = element.accessibility_label || undefined;
  const common = { class: `button${style}`, "aria-label": label, "data-action": element.action_id };
  const act = (event) => press(event.currentTarget, element, context, { text: element.text, value: element.value });
  if (element.url && /^https?:\/\//i.test(element.url)) {
    return el("a", { ...common, href: element.url, target: "_blank", rel: "noopener noreferrer", onclick: act }, words(element.text));
  }
  return el("button", { ...common, type: "button", onclick: act }, words(element.text));
}

function overflow(element, context) {
  const node = el(
    "button",
    {
      class: "button overflow",
      type: "button",
      "aria-haspopup": "menu",
      "aria-label": "More actions",
      "data-action": element.action_id,
      onclick: () =>
        popup(
          node,
          element.options.map((option) => ({ text: words(option.text), act: () => choose(option) })),
        ),
    },
    "⋯",
  );
  const choose = (option) => {
    if (option.url) window.open(option.url, "_blank", "noopener,noreferrer");
    return press(node, element, context, { selected_option: option });
  };
  return node;
}

function options(element) {
  return element.option_groups ? element.option_groups.flatMap((group) => group.options) : element.options;
}

function staticSelect(element, context) {
  const rows = options(element);
  const kept = context.state.get(element.action_id)?.selected_option || element.initial_option;
  const chosen = rows.findIndex((option) => option.value === kept?.value);
  const keep = (at) => context.state.set(element.action_id, { type: element.type, selected_option: rows[at] || null });
  const node = el(
    "select",
    {
      class: "select",
      "data-action": element.action_id,
      "aria-label": context.label || words(element.placeholder),
      onchange: () => {
        keep(node.selectedIndex - 1);
        if (context.isInput) return;
        const option = rows[node.selectedIndex - 1];
        if (option) press(node, element, context, { selected_option: option, placeholder: element.placeholder });
      },
    },
    el("option", { value: "" }, words(element.placeholder) || "Choose an option"),
    rows.map((option) => el("option", { value: option.value }, words(option.text))),
  );
  node.selectedIndex = chosen + 1;
  keep(chosen);
  return node;
}

function externalSelect(element, context) {
  const kept = context.state.get(element.action_id)?.selected_option || element.initial_option || null;
  const listId = `options-${context.block_id}-${element.action_id}`.replace(/\W/g, "-");
  const list = el("ul", { class: "options", role: "listbox", id: listId, hidden: true });
  const keep = (option) => context.state.set(element.action_id, { type: element.type, selected_option: option });
  let found = [];
  let at = -1;
  let asked = 0;
  const show = () => {
    list.replaceChildren(
      ...(found.length ? found : [null]).map((option, number) =>
        option
          ? el(
              "li",
              { role: "option", id: `${listId}-${number}`, "aria-selected": String(number === at), onmousedown: () => choose(option) },
              words(option.text),
            )
          : el("li", { class: "none" }, "No results"),
      ),
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-activedescendant", at < 0 ? "" : `${listId}-${at}`);
  };
  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  const choose = (option) => {
    input.value = words(option.text);
    keep(option);
    hide();
    if (!context.isInput) press(input, element, context, { selected_option: option });
  };
  const ask = async () => {
    keep(null);
    const number = ++asked;
    if (input.value.length < (element.min_query_length ?? 3)) return hide();
    await new Promise((done) => setTimeout(done, 150));
    if (number !== asked) return;
    const answer = await context.suggest(context.block_id, element.action_id, input.value);
    if (number !== asked) return;
    found = answer.option_groups?.length ? answer.option_groups.flatMap((group) => group.options) : answer.options || [];
    at = found.length ? 0 : -1;
    show();
  };
  const input = el("input", {
    class: "typed",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-controls": listId,
    "aria-expanded": "false",
    "aria-label": context.label || words(element.placeholder),
    "data-action": element.action_id,
    placeholder: words(element.placeholder),
    value: words(kept?.text),
    oninput: ask,
    onfocus: () => !context.state.get(element.action_id)?.selected_option && ask(),
    onblur: hide,
    onkeydown: (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        at = (at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
        show();
      } else if (event.key === "Enter" && found[at]) choose(found[at]);
      else if (event.key === "Escape") {
        event.stopPropagation();
        hide();
      } else return;
      event.preventDefault();
    },
  });
  keep(kept);
  return el("div", { class: "combobox" }, input, list);
}

function typed(element, context, props) {
  const kept = context.state.get(element.action_id)?.value ?? element.initial_value ?? "";
  const tag = element.multiline ? "textarea" : "input";
  const keep = () => context.state.set(element.action_id, { type: element.type, value: node.value === "" ? null : node.value });
  const node = el(tag, {
    class: "typed",
    ...props,
    "data-action": element.action_id,
    "aria-label": context.label,
    placeholder: words(element.placeholder),
    maxlength: element.max_length,
    value: kept,
    oninput: keep,
    onkeydown: (event) => {
      if (event.key === "Enter" && (tag === "input" || event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        context.submit?.();
      }
    },
  });
  keep();
  return node;
}

function image(element, context) {
  return el("img", { class: "small-image", src: context.imageSource(element), alt: element.alt_text });
}

const ELEMENTS = {
  button,
  overflow,
  static_select: staticSelect,
  external_select: externalSelect,
  plain_text_input: (element, context) => typed(element, context, { type: element.multiline ? undefined : "text", rows: element.multiline ? 3 : undefined }),
  number_input: (element, context) => typed(element, context, { inputmode: "decimal", type: "text" }),
  image,
};

export const ELEMENT_TYPES = Object.keys(ELEMENTS);

export function element(one, context) {
  return ELEMENTS[one.type] ? ELEMENTS[one.type](one, context) : null;
}

/** Returns what is wrong with a filled-in field, as Slack says it, or nothing. */
export function faultOf(block, kept) {
  const one = block.element;
  const value = kept?.value ?? kept?.selected_option?.value ?? "";
  if (value === "") return block.optional ? "" : "Please complete this required field.";
  if (one.type === "number_input") {
    const number = Number(value);
    if (!Number.isFinite(number)) return "Please enter a number.";
    if (!one.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
    if (one.min_value !== undefined && number < Number(one.min_value)) return `Please enter ${one.min_value} or more.`;
    if (one.max_value !== undefined && number > Number(one.max_value)) return `Please enter ${one.max_value} or less.`;
  }
  if (one.min_length && value.length < one.min_length) return `Please enter at least ${one.min_length} characters.`;
  return "";
}
