// What the page says: what was done, what could not be done, and dialogs.

import {button, fill, h} from "./dom.js";

let clearing;
export function announce(text) {
  const region = document.getElementById("status");
  region.replaceChildren(h("p", {}, text));
  clearTimeout(clearing);
  clearing = setTimeout(() => region.replaceChildren(), 5000);
}

// An error stands above the view that it belongs to, and leaves with it.
export function showError(error) {
  const region = document.getElementById("error");
  const text = error instanceof Error ? error.message : String(error);
  region.replaceChildren(h("div", {class: "error"}, h("p", {}, h("strong", {}, "Not done. "), capitalized(text)),
    button("Dismiss", clearError, {class: "quiet small"})));
}

export function clearError() {
  document.getElementById("error").replaceChildren();
}

// A sentence; one that begins with the name of a field keeps that as it is.
const capitalized = (text) => (/^[\w.]+:/.test(text) ? text.charAt(0) : text.charAt(0).toUpperCase()) + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

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
      closeDialog();
      showError(error);
    } finally {
      pressed?.removeAttribute?.("aria-busy");
    }
  };
}

export function openDialog(title, ...content) {
  const dialog = document.getElementById("dialog");
  const close = button("Close", closeDialog, {class: "quiet"});
  dialog.replaceChildren(h("div", {class: "dialog-head"}, h("h2", {id: "dialog-title"}, title), close));
  fill(dialog, content);
  if (!dialog.open) dialog.showModal();
  return dialog;
}

export function closeDialog() {
  const dialog = document.getElementById("dialog");
  if (dialog.open) dialog.close();
}

export function copyable(text, what) {
  return button(text, async () => {
    await copy(text);
    announce(`Copied ${what}.`);
  }, {class: "copy", title: `Copy ${what}`, "aria-label": `Copy ${what}: ${text}`});
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
