// From a list of blocks to elements. A kind that nobody draws is shown as its JSON.
import { h } from "../dom.js";
import { actions, section } from "./actions.js";
import { context, divider, header, image, markdownBlock } from "./simple.js";
import { input } from "./input.js";
import { asJson } from "./json.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";

const KINDS = { section, header, divider, context, image, actions, input, rich_text: richText, markdown: markdownBlock, table };

/** Draws `blocks` for one surface; the surface remembers what the person entered (see surface.js). */
export function drawBlocks(blocks, surface) {
  surface.begin();
  const drawn = (blocks ?? []).map((block, index) => drawBlock(block, index, surface));
  surface.end();
  return drawn;
}

function drawBlock(block, index, surface) {
  const known = { ...block, block_id: block.block_id ?? `block-${index}` };
  const holder = h("div", { class: `block block-${block.type}`, data: { blockId: known.block_id, blockType: block.type } });
  try {
    holder.append(KINDS[block.type]?.(known, surface) ?? asJson(block));
  } catch (problem) {
    console.warn("block not drawn", problem);
    holder.replaceChildren(asJson(block));
  }
  return holder;
}
