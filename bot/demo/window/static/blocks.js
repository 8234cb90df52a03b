// Block Kit: exactly the blocks that the bot sends. The lists at the end are compared with what the bot makes by a test.

import { el } from "./dom.js";
import { element, ELEMENT_TYPES, textOf } from "./elements.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, unescaped } from "./mrkdwn.js";
import { RICH_TEXT, richText, unknown } from "./richtext.js";

const TEXTS = {
  mrkdwn: (text, context) => mrkdwn(text.text, context.names),
  plain_text: (text) => [withEmoji(unescaped(text.text))],
};

const textNodes = (text, context) => (TEXTS[text.type] ? TEXTS[text.type](text, context) : [unknown(text.type)]);

const elementOf = (one, context) => element(one, context) || unknown(one.type);

function section(block, context) {
  return el(
    "div",
    { class: `section${block.accessory ? " with-accessory" : ""}` },
    el(
      "div",
      { class: "section-body" },
      block.text && el("div", { class: "text" }, textNodes(block.text, context)),
      block.fields && el("div", { class: "fields" }, block.fields.map((field) => el("div", {}, textNodes(field, context)))),
    ),
    block.accessory && el("div", { class: "accessory" }, elementOf(block.accessory, context)),
  );
}

function context(block, around) {
  return el(
    "div",
    { class: "context" },
    block.elements.map((one) => (one.type === "image" ? elementOf(one, around) : el("span", {}, textNodes(one, around)))),
  );
}

function image(block, around) {
  return el(
    "figure",
    { class: "picture" },
    block.title && el("figcaption", {}, textOf(block.title)),
    el("img", { src: around.imageSource(block), alt: block.alt_text }),
  );
}

function input(block, around) {
  const label = textOf(block.label);
  const fault = around.faults?.[block.block_id];
  const faultId = `fault-${block.block_id}`;
  const node = elementOf(block.element, { ...around, isInput: true, label });
  if (fault) (node.querySelector?.("input") || node).setAttribute("aria-describedby", faultId);
  if (fault) (node.querySelector?.("input") || node).setAttribute("aria-invalid", "true");
  return el(
    "div",
    { class: `field${fault ? " wrong" : ""}` },
    el("div", { class: "label" }, label, block.optional && el("span", { class: "optional" }, " (optional)")),
    node,
    fault && el("div", { class: "fault", id: faultId, role: "alert" }, fault),
    block.hint && el("div", { class: "hint" }, textOf(block.hint)),
  );
}

function table(block, around) {
  const cell = (one) => (one.type === "raw_text" ? one.text : one.type === "rich_text" ? richText(one, around.names) : unknown(one.type));
  const [head, ...rows] = block.rows;
  return el(
    "div",
    { class: "table", tabindex: "0" },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, head.map((one) => el("th", { scope: "col" }, cell(one))))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map((one) => el("td", {}, cell(one)))))),
    ),
  );
}

const BLOCKS = {
  actions: (block, around) => el("div", { class: "actions" }, block.elements.map((one) => elementOf(one, around))),
  context,
  divider: () => el("hr"),
  header: (block) => el("h3", {}, withEmoji(unescaped(block.text.text))),
  image,
  input,
  rich_text: (block, around) => richText(block, around.names),
  section,
  table,
};

export const BLOCK_TYPES = Object.keys(BLOCKS);

export const KNOWN = { blocks: BLOCK_TYPES, elements: ELEMENT_TYPES, texts: Object.keys(TEXTS), rich_text: RICH_TEXT };

/** Returns the blocks as nodes. `around` is {names, imageSource, act, suggest, stateOf(block_id), faults, submit}. */
export function renderBlocks(blocks, around) {
  return blocks.map((block) => {
    const inside = { ...around, block_id: block.block_id, state: around.stateOf(block.block_id) };
    const node = BLOCKS[block.type] ? BLOCKS[block.type](block, inside) : unknown(block.type);
    node.classList.add("block");
    node.dataset.block = block.block_id || "";
    return node;
  });
}

export { textNodes };
