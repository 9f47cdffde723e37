// The collections of own documents: a list of them, a table of one, and, by resource.js, one member to edit.

import {app, NotFound} from "./app.js";
import {getInWorld, getResources} from "./api.js";
import {field, h, num, pager, show, table, td, th} from "./dom.js";
import {count, date, moment, plural} from "./format.js";
import {href, setParams} from "./route.js";
import {session} from "./session.js";

const LIMIT = 20;
const MAX_COLUMNS = 6;
let known = null;
let knownOf = null;

export const collections = {
  title: "Collections",
  async show(root, args, reason, loaded, params) {
    if (reason === "journal") return;
    // what a document has stays the same; only how much of it was written changes, which the list shows
    if (!args.length || !known || knownOf !== session.served) [known, knownOf] = [(await getInWorld("/collections")).collections, session.served];
    const all = known;
    if (!args.length) showAll(root, all);
    else {
      const [api, path, id] = args;
      const found = all.find((each) => each.api === api && each.path === path);
      if (!found) throw new NotFound(path ? `${api} has no collection '${path}'` : `there is no API '${api}' with collections`);
      const place = {api, collection: path, parent: params.parent ?? ""};
      if (id !== undefined || params.new) await (await import("./resource.js")).showResource(root, found, place, id);
      else await showOne(root, found, place, params, all);
    }
  },
};

// --- all of them ----------------------------------------------------------------------------------

function showAll(root, all) {
  const apis = session.served.apis.filter((api) => all.some((each) => each.api === api.name));
  show(root,
    h("div", {class: "title"}, h("h1", {}, "Collections")),
    h("p", {class: "lead muted"}, all.length ? "What the operations of your documents list, read and write. Entries are generated from the world’s seed until you change them."
      : "No API on this server is made from a document. counterfoil serve --spec FILE makes one."),
    apis.map((api) => h("section", {"aria-label": api.title}, h("h2", {class: "section"}, api.title),
      table(`Collections of ${api.title}`, [th("Collection"), th("Below"), th("Fields"), th("Written here", {class: "num"})], all.filter((each) => each.api === api.name).map(summary)))));
}

function summary(each) {
  const names = each.fields.map((field) => field.name);
  const below = each.parents.map((parent) => parent.collection ?? `{${parent.parameter}}`).join(" and ");
  return h("tr", {},
    h("th", {scope: "row"}, h("div", {}, each.parents.length ? h("code", {}, each.path) : h("a", {href: href("collections", [each.api, each.path])}, h("code", {}, each.path)), " ",
      each.single ? h("span", {class: "tag"}, "only one") : null)),
    td(each.parents.length ? parentForm(each, below) : "–", {class: each.parents.length ? null : "minor"}),
    td(h("span", {class: "muted"}, names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : ""))), h("td", {class: `num ${each.written ? "" : "minor"}`}, h("div", {}, each.written ? count(each.written) : "–")));
}

// What is below a member is opened with the member's id.
function parentForm(each, below) {
  const ids = each.parents.map((parent) => h("input", {class: "narrow", required: true, placeholder: parent.parameter, "aria-label": `${parent.parameter} of ${each.path}`}));
  return h("form", {class: "inline", onsubmit: (event) => {
    event.preventDefault();
    location.hash = href("collections", [each.api, each.path], {parent: ids.map((input) => input.value).join("/")});
  }}, h("span", {class: "muted"}, below), ids, h("button", {class: "small", "aria-label": `Show ${each.path}`}, "Show"));
}

// --- one of them ----------------------------------------------------------------------------------

async function showOne(root, of, place, {search: needle = "", offset: from = "0"}, all) {
  const offset = /^\d{1,9}$/.test(from) ? Number(from) : 0;
  const found = await getResources(place, {search: needle.slice(0, 100), offset, limit: LIMIT});
  let waiting;
  // What was just typed is searched with whatever else is changed, also before its own timer ends.
  const turn = (changes) => { clearTimeout(waiting); setParams({offset: "", search: search.value, ...changes}); return app.refresh("params"); };
  const search = h("input", {type: "search", value: needle, maxlength: "100", "data-key": "search", id: "search", placeholder: "id or any text"});
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => turn({}), 180);
  });
  const columns = columnsOf(of);
  show(root,
    h("p", {class: "crumb"}, h("a", {href: href("collections")}, "‹ Collections"), place.parent ? h("span", {class: "muted"}, ` · below ${place.parent}`) : null),
    h("div", {class: "title"}, h("h1", {}, of.path), of.single && found.total ? null : h("a", {class: "button primary", id: "new-resource", href: href("collections", [of.api, of.path], {parent: place.parent, new: "yes"})}, "New…")),
    of.single ? null : h("form", {class: "filters", role: "search", onsubmit: (event) => event.preventDefault()}, field("Search", search)),
    found.total ? table(of.path, [th(of.id || "id"), ...columns.map((each) => th(each.name, {class: isNumber(each) ? "num" : null}))], found.resources.map((each) => row(of, place, columns, each, all))) : null,
    pager({offset, limit: LIMIT, total: found.total, noun: "members"}, (to) => turn({offset: to || ""})));
}

const isNumber = (each) => (each.type === "number" || each.type === "integer") && !each.reference;
const isPlain = (each) => !["object", "array"].includes(each.type);
const TELLING = /name|title|status|state|email|total|amount|price|description|type|date|created/i;

// The fields that tell most: plain ones, those with a telling name first, in the document's order.
function columnsOf(of) {
  const plain = of.fields.filter((each) => isPlain(each) && each.name !== of.id);
  const best = [...plain].sort((one, other) => TELLING.test(other.name) - TELLING.test(one.name) || other.required - one.required).slice(0, MAX_COLUMNS - 1);
  return plain.filter((each) => best.includes(each));
}

function row(of, place, columns, each, all) {
  return h("tr", {},
    h("th", {scope: "row", class: "who"}, h("div", {}, h("a", {href: href("collections", [of.api, of.path, each.id], {parent: place.parent}), "data-key": `resource-${each.id}`}, h("code", {}, each.id)), " ",
      each.written ? h("span", {class: "tag good"}, "written") : null)),
    columns.map((column) => (isNumber(column) ? num : td)(cell(of, column, each.value[column.name], all))));
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

function cell(of, column, value, all) {
  if (value === undefined || value === null) return h("span", {class: "muted"}, "–");
  const target = column.reference && all.find((each) => each.api === of.api && each.path === column.reference && !each.parents.length);
  if (target && typeof value !== "object") return h("a", {href: href("collections", [of.api, target.path, String(value)])}, String(value));
  if (typeof value === "string" && column.format === "date-time" && INSTANT.test(value)) return h("span", {class: "when"}, moment(value));
  if (typeof value === "string" && column.format === "date" && /^\d{4}-\d\d-\d\d$/.test(value)) return h("span", {class: "when"}, date(value));
  if (typeof value === "number" && isNumber(column)) return value.toLocaleString(undefined, {maximumFractionDigits: 20});
  if (Array.isArray(value)) return plural(value.length, "entry").replace("entrys", "entries");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return h("span", {class: "clip", title: text.length > 60 ? text.slice(0, 500) : null}, text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
