// Builds the document from elements and text nodes. No string is parsed as markup; the content security policy makes the
// browser refuse it.

const SVG = "http://www.w3.org/2000/svg";

// h("p", {class: "x", onclick: f}, "text", child, [more], null)
export function h(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in made && tag !== "option") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  fill(made, children);
  return made;
}

// Characters that set the direction of text would turn round what a path or an id says: they are written as escapes. Not in
// what is edited.
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const escaped = (text) => text.replace(DIRECTIONS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);

export function fill(parent, children) {
  const shown = parent instanceof HTMLTextAreaElement || parent instanceof HTMLOptionElement ? String : (child) => escaped(String(child));
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(shown(child)));
  }
}

const FIELDS = "input[data-key], select[data-key], textarea[data-key]";

// Replaces the children of `parent`. Keeps focus, typed values and open details of elements with the same data-key.
export function show(parent, ...children) {
  const active = document.activeElement;
  const key = parent.contains(active) ? active.dataset?.key : null;
  const typed = new Map();
  for (const field of parent.querySelectorAll(FIELDS)) {
    if (field.dataset.touched) typed.set(field.dataset.key, field.value);
  }
  const opened = new Set([...parent.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  const closed = new Set([...parent.querySelectorAll("details:not([open])[data-key]")].map((each) => each.dataset.key));
  parent.replaceChildren();
  fill(parent, children);
  for (const field of parent.querySelectorAll(FIELDS)) {
    if (typed.has(field.dataset.key)) {
      field.value = typed.get(field.dataset.key);
      field.dataset.touched = "yes";
    }
    field.addEventListener("input", () => { field.dataset.touched = "yes"; });
  }
  for (const each of parent.querySelectorAll("details[data-key]")) {
    if (opened.has(each.dataset.key)) each.open = true;
    if (closed.has(each.dataset.key)) each.open = false;
  }
  if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({preventScroll: true});
}

export function field(label, input, hint) {
  return h("label", {class: "field"}, h("span", {}, label), input, hint ? h("small", {}, hint) : null);
}

export function button(label, onclick, properties = {}) {
  return h("button", {type: "button", onclick, ...properties}, label);
}

export function options(choices, chosen) {
  return choices.map(([value, text]) => h("option", {value, selected: String(value) === String(chosen)}, text));
}

// A table in a box that scrolls by mouse and keyboard, so that the page does not scroll sideways. On a phone its rows are cards,
// where each cell has its column's name beside it; the roles say so to screen readers, which CSS would take the table from.
export function table(caption, heads, rows, properties = {}) {
  const made = h("table", {role: "table", class: "cards", ...properties}, h("caption", {class: "unseen"}, caption),
    h("thead", {role: "rowgroup"}, h("tr", {role: "row"}, heads)), h("tbody", {role: "rowgroup"}, rows));
  const labels = [...made.tHead.rows[0].cells].map((each) => { each.setAttribute("role", "columnheader"); return each.dataset.label ?? each.textContent; });
  for (const row of made.tBodies[0].rows) {
    row.setAttribute("role", "row");
    [...row.cells].forEach((cell, index) => {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      cell.dataset.label = labels[index] ?? "";
    });
  }
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption}, made);
}

export const th = (text, properties = {}) => h("th", {scope: "col", ...properties}, text);
export const td = (content, properties = {}) => h("td", properties, h("div", {}, content));
export const num = (content) => h("td", {class: "num"}, h("div", {}, content));

// Buttons to the previous and next part of a list, and where in it the view is. `turn(offset)` shows another part.
export function pager({offset, limit, total, noun}, turn, texts = ["‹ Previous", "Next ›"]) {
  const to = Math.min(offset + limit, total);
  const where = total ? `${(offset + 1).toLocaleString()}–${to.toLocaleString()} of ${total.toLocaleString()}` : `No ${noun} to show.`;
  return h("div", {class: "pager"},
    total > limit ? button(texts[0], () => turn(Math.max(0, offset - limit)), {"data-key": "previous", class: "small", disabled: offset === 0}) : null,
    h("span", {class: "muted", id: "showing"}, where),
    total > limit ? button(texts[1], () => turn(offset + limit), {"data-key": "next-page", class: "small", disabled: to >= total}) : null);
}

export function svgFrom(parsed) {
  const root = parsed?.documentElement;
  if (!root || root.namespaceURI !== SVG) throw new Error("the plot could not be read");
  return document.importNode(root, true);
}
