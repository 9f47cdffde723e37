// One member of a collection: a form with an input for each field, to create, change or delete it.

import {thenRefresh} from "./app.js";
import {createResource, deleteResource, getResource, replaceResource} from "./api.js";
import {button, field, h, options, show} from "./dom.js";
import {announce, onPress} from "./messages.js";
import {href} from "./route.js";

export async function showResource(root, of, place, id) {
  const isNew = id === undefined;
  const member = isNew ? {id: "", value: {}} : await getResource(place, id);
  const list = href("collections", of.single ? [] : [of.api, of.path], {parent: of.single ? "" : place.parent});
  const fields = isNew ? of.fields.filter((each) => !each.server_owned) : [...of.fields, ...others(of, member.value)];
  const inputs = fields.map((each) => inputFor(each, member.value[each.name], isNew ? "new" : member.id, !isNew && each.name === of.id));
  const save = onPress(async () => {
    const value = {...(isNew ? {} : member.value)};
    for (const each of inputs) {
      const said = each.read();
      if (said === undefined) delete value[each.field.name];
      else value[each.field.name] = said;
    }
    if (isNew) {
      const made = await createResource(place, value);
      location.hash = href("collections", [of.api, of.path, made.id], {parent: place.parent});
      announce(`Created ${made.id}.`);
    } else await thenRefresh(() => replaceResource(place, id, value), `Saved ${id}.`);
  });
  show(root,
    h("p", {class: "crumb"}, h("a", {href: list}, `‹ ${of.single ? "Collections" : of.path}`), place.parent ? h("span", {class: "muted"}, ` · below ${place.parent}`) : null),
    h("div", {class: "title"}, h("h1", {}, isNew ? `New in ${of.path}` : of.single ? of.path : member.id),
      isNew || of.single ? null : button("Delete", onPress(async () => {
        await deleteResource(place, id);
        location.hash = list;
        announce(`Deleted ${id}.`);
      }), {id: "delete-resource", "data-key": "delete-resource"})),
    h("p", {class: "lead muted"}, isNew ? "Fields that are left empty are not sent. The server sets its own fields, and refuses a request without those that the document requires." : "The values must fit the document's schema. Fields that are left empty are not sent."),
    h("form", {class: "card resource", "aria-label": isNew ? "Create" : "Edit", onsubmit: save}, inputs.map((each) => each.element),
      h("p", {class: "row"}, h("button", {class: "primary", id: "save-resource", "data-key": "save-resource"}, isNew ? "Create" : "Save"), h("a", {class: "button", href: list}, "Cancel"))));
}

// Fields that a member has and the document does not name.
function others(of, value) {
  const known = new Set(of.fields.map((each) => each.name));
  return Object.keys(value).filter((name) => !known.has(name)).map((name) => ({name, type: "", format: "", choices: [], required: false, server_owned: false, reference: ""}));
}

// An input for a field, and how to read it: undefined where it is empty, so that the field is left out.
function inputFor(of, value, member, isFixed) {
  const common = {"data-key": `${member} ${of.name}`, id: `field-${of.name}`, name: of.name, disabled: isFixed};
  const hint = [of.required && "required", of.type !== "string" && (of.type || (of.choices.length ? "" : "JSON")), of.format, of.reference && `id in ${of.reference}`, of.server_owned && "set by the server"].filter(Boolean).join(", ");
  const made = of.choices.length && of.choices.every((each) => typeof each !== "object") ? choiceInput(of, value, common)
    : of.type === "boolean" ? choiceInput({choices: [true, false]}, value, common)
      : ["integer", "number", "string"].includes(of.type) ? plainInput(of, value, common) : jsonInput(value, common);
  return {field: of, read: isFixed ? () => value : () => made.read(made.input), element: field(of.name, made.input, hint)};
}

function choiceInput({choices}, value, common) {
  const at = choices.findIndex((each) => each === value);
  const all = [["", value === undefined || at >= 0 ? "–" : String(value)], ...choices.map((each, index) => [String(index), String(each)])];
  return {input: h("select", common, options(all, at < 0 ? "" : String(at))), read: (input) => input.value === "" ? (at < 0 ? value : undefined) : choices[Number(input.value)]};
}

function plainInput(of, value, common) {
  if (of.type === "string" && (String(value ?? "").length > 60 || String(value ?? "").includes("\n"))) return {input: h("textarea", {...common, rows: "3", value: value ?? ""}), read: textOf(value)};
  if (of.type === "string") return {input: h("input", {...common, type: "text", value: value ?? ""}), read: textOf(value)};
  const read = (input) => input.value.trim() === "" ? absent(value) : Number.isNaN(Number(input.value)) ? input.value : Number(input.value);
  return {input: h("input", {...common, type: "text", inputmode: "decimal", value: value === null || value === undefined ? "" : String(value)}), read};
}

// An empty input means what was there before if that was empty too: null, an empty text, or nothing.
const absent = (value) => value === null ? null : undefined;
const textOf = (value) => (input) => input.value === "" ? (value === "" ? "" : absent(value)) : input.value;

function jsonInput(value, common) {
  const before = value === undefined ? "" : JSON.stringify(value, null, 2);
  const input = h("textarea", {...common, rows: String(Math.min(12, before.split("\n").length + 1)), spellcheck: "false", class: "json", placeholder: "JSON", value: before});
  return {input, read: (each) => {
    if (each.value.trim() === "") return undefined;
    try { return JSON.parse(each.value); }
    catch { throw new Error(`${each.name}: this is not valid JSON`); }
  }};
}
