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

export function fill(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

// Replaces the children of `parent`. Keeps focus, typed values and open details of elements with the same data-key.
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

// A table in a box that scrolls by mouse and keyboard, so that the page does not scroll sideways.
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
    announce(`Copied ${what}.`);
  }, {class: "copy", title: `Copy ${what}`, "aria-label": `Copy ${what}: ${text}`});
  return made;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // browsers offer the clipboard on secure origins only
    const area = h("textarea", {class: "unseen", "aria-hidden": "true"});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

let clearing;
export function announce(text) {
  const region = document.getElementById("status");
  region.replaceChildren(h("p", {}, text));
  clearTimeout(clearing);
  clearing = setTimeout(() => region.replaceChildren(), 6000);
}

export function showError(error) {
  const region = document.getElementById("error");
  const text = error instanceof Error ? error.message : String(error);
  region.replaceChildren(h("div", {class: "error"}, h("p", {}, h("strong", {}, "Not done. "), text),
    button("Dismiss", () => region.replaceChildren(), {class: "quiet"})));
}

export function clearError() {
  document.getElementById("error").replaceChildren();
}

// An event handler that runs work() once at a time and shows its error.
export function onPress(work) {
  return async (event) => {
    const pressed = event?.currentTarget;
    event?.preventDefault?.();
    if (pressed?.getAttribute?.("aria-busy") === "true") return;
    pressed?.setAttribute?.("aria-busy", "true");
    clearError();
    try {
      await work(event, pressed);
    } catch (error) {
      showError(error);
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
