// JSON as lines of text nodes and elements, with what changed marked, and what it was before.

import {h} from "./dom.js";
import {counterpart, summarize} from "./changes.js";

const isBranch = (value) => value !== null && typeof value === "object";
const MAX_DEPTH = 9;  // levels that are indented; the style sheet has a class for each

// A line that is wrapped goes on below its own beginning, so that a narrow window stays readable.
const line = (depth, parts) => h("span", {class: `line d${Math.min(depth, MAX_DEPTH)}`}, parts, "\n");
const changed = (text, was) => [h("mark", {}, `◆\u00a0${text}`), h("span", {class: "was"}, " was ", h("s", {}, was))];

// With `compare`, marks the values that differ from those of `before`.
export function pretty(value, before, compare) {
  return linesOf(0, [], value, before, compare, "");
}

function linesOf(depth, lead, value, before, compare, tail) {
  if (Array.isArray(value) && value.length) {
    const inner = value.map((item, index) => linesOf(depth + 1, [], item, compare ? counterpart(before, item, index) : undefined, compare, index < value.length - 1 ? "," : ""));
    return [line(depth, [lead, "["]), inner, line(depth, ["]", tail])];
  }
  const names = isBranch(value) ? Object.keys(value) : [];
  if (names.length) {
    const was = isBranch(before) ? before : {};
    const inner = names.map((name, index) => linesOf(depth + 1, [h("span", {class: "name"}, JSON.stringify(name)), ": "], value[name], was[name], compare, index < names.length - 1 ? "," : ""));
    return [line(depth, [lead, "{"]), inner, line(depth, ["}", tail])];
  }
  return [line(depth, [lead, plain(value, before, compare), tail])];
}

function plain(value, before, compare) {
  const text = value === undefined ? "" : JSON.stringify(value);
  const isEmptied = isBranch(value) && isBranch(before) && Object.keys(before).length;
  if (!compare || before === value || (isBranch(value) && isBranch(before) && !isEmptied)) return text;
  return changed(text, before === undefined ? "nothing" : isBranch(before) ? summarize(before) : JSON.stringify(before));
}
