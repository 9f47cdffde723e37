// Building what is shown: elements and text nodes only. No string ever becomes markup here, and the page's policy
// makes the browser refuse it elsewhere.

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

export function fill(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

// Replaces what is in `parent`, keeping the focus and what was typed where an element with the same data-key comes back.
export function show(parent, ...children) {
  const active = document.activeElement;
  const key = parent.contains(active) ? active.dataset?.key : null;
  const typed = new Map();
  for (const field of parent.querySelectorAll("input[data-key], select[data-key]")) {
    if (field.dataset.touched) typed.set(field.dataset.key, field.value);
  }
  const opened = new Set([...parent.querySelectorAll("details[open][data-key]")].map((each) => each.dataset.key));
  const closed = new Set([...parent.querySelectorAll("details:not([open])[data-key]")].map((each) => each.dataset.key));
  parent.replaceChildren();
  fill(parent, children);
  for (const field of parent.querySelectorAll("input[data-key], select[data-key]")) {
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

// A table in a box that scrolls by itself and by keyboard, so that the page never does sideways.
export function table(caption, heads, rows, properties = {}) {
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
    h("table", properties, h("caption", {class: "unseen"}, caption),
      h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)));
}

export const th = (text, properties = {}) => h("th", {scope: "col", ...properties}, text);
export const td = (content, properties = {}) => h("td", properties, content);
export const num = (content) => h("td", {class: "num"}, content);

export function copyable(text, what) {
  const made = button(text, async () => {
    await copy(text);
    say(`Copied ${what}.`);
  }, {class: "copy", title: `Copy ${what}`, "aria-label": `Copy ${what}: ${text}`});
  return made;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard where the page is not on a secure origin
    const area = h("textarea", {class: "unseen", "aria-hidden": "true"});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

let clearing;
export function say(text) {
  const place = document.getElementById("said");
  place.replaceChildren(h("p", {}, text));
  clearTimeout(clearing);
  clearing = setTimeout(() => place.replaceChildren(), 6000);
}

export function complain(error) {
  const place = document.getElementById("trouble");
  const text = error instanceof Error ? error.message : String(error);
  place.replaceChildren(h("div", {class: "trouble"}, h("p", {}, h("strong", {}, "Not done. "), text),
    button("Dismiss", () => place.replaceChildren(), {class: "quiet"})));
}

export function calm() {
  document.getElementById("trouble").replaceChildren();
}

// The pressing of a button: not twice at once, and what goes wrong is said.
export function pressing(work) {
  return async (event) => {
    const pressed = event?.currentTarget;
    event?.preventDefault?.();
    if (pressed?.getAttribute?.("aria-busy") === "true") return;
    pressed?.setAttribute?.("aria-busy", "true");
    calm();
    try {
      await work(event, pressed);
    } catch (error) {
      complain(error);
    } finally {
      pressed?.removeAttribute?.("aria-busy");
    }
  };
}

export function openDialog(title, ...content) {
  const dialog = document.getElementById("dialog");
  const close = button("Close", () => dialog.close(), {class: "quiet"});
  dialog.replaceChildren(h("div", {class: "dialog-head"}, h("h2", {id: "dialog-title"}, title), close));
  fill(dialog, content);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export function svgFrom(text, parsed) {
  const root = parsed?.documentElement;
  if (!root || root.namespaceURI !== SVG) throw new Error("the plot could not be read");
  return document.importNode(root, true);
}
