// The customers view: a list to search, sort and turn the pages of. One customer is shown by customer.js.

import {app} from "./app.js";
import {getInWorld} from "./api.js";
import {button, field, h, num, options, pager, show, table, td, th} from "./dom.js";
import {count, isZero, money} from "./format.js";
import {copyable} from "./messages.js";
import {customerHref, setParams} from "./route.js";

const LIMIT = 20;
const COLUMNS = [["number", "No."], ["name", "Name"], [null, "Ids"], ["open", "Open"], ["balance", "Balance"], ["overdue", "Overdue"], ["bills", "Bills"]];

export const customers = {
  title: "Customers",
  async show(root, args, reason, loaded, params) {
    if (reason === "journal") return;
    if (args.length) await (await import("./customer.js")).showCustomer(root, args[0], reason);
    else await showList(root, params);
  },
};

async function showList(root, {search: needle = "", sort = "number", only = "all", offset = "0"}) {
  const found = await getInWorld("/customers", {search: needle.slice(0, 100), sort, only, offset: /^\d{1,9}$/.test(offset) ? offset : 0, limit: LIMIT});
  let waiting;
  // What was just typed is searched with whatever else is changed, also before its own timer ends.
  const turn = (changes) => { clearTimeout(waiting); setParams({offset: "", search: search.value, ...changes}); return app.refresh("params"); };
  const nameless = found.total > 500 || found.names_searched === "known";
  const search = h("input", {type: "search", value: needle, maxlength: "100", "data-key": "search", id: "search", placeholder: "name, email or number"});
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => turn({}), 180);
  });
  const choose = (name, choices, value, properties = {}) => h("select", {"data-key": name, id: name, onchange: (event) => turn({[name]: event.target.value}), ...properties}, options(choices, value));
  const sorts = COLUMNS.filter(([by]) => by && !(nameless && by === "name"));
  show(root,
    h("div", {class: "title"}, h("h1", {}, "Customers")),
    h("form", {class: "filters", role: "search", onsubmit: (event) => event.preventDefault()}, field("Search", search),
      field("Show", choose("only", [["all", "all customers"], ["owing", "with open bills"], ["overdue", "with overdue bills"]], only)),
      h("div", {class: "narrow-only"}, field("Sort by", choose("sort", sorts.flatMap(([by, text]) => [[by, `${text}, ascending`], [`-${by}`, `${text}, descending`]]), sort)))),
    found.names_searched === "known" && needle ? h("p", {class: "muted"}, "In a world this large the search covers numbers and the names set by the scenario or a command, not generated names.") : null,
    found.total ? table("Customers", heads(sorts, sort, turn), found.customers.map(row)) : null,
    pager({offset: found.offset, limit: LIMIT, total: found.total, noun: "customers"}, (to) => turn({offset: to || ""})));
}

function heads(sorts, sort, turn) {
  return COLUMNS.map(([by, text]) => {
    const properties = {class: text === "Ids" ? "wide-column" : text === "Name" ? null : "num", "data-label": text};
    if (!sorts.some(([each]) => each === by)) return th(text, properties);
    const sorted = sort === by ? "ascending" : sort === `-${by}` ? "descending" : null;
    const next = sorted === "descending" ? by : sorted === "ascending" || !["number", "name"].includes(by) ? `-${by}` : by;
    return th(button([text, h("span", {"aria-hidden": "true", class: "arrow"}, sorted === "ascending" ? "▲" : sorted === "descending" ? "▼" : "↕")],
      () => turn({sort: next}), {class: "sort", "data-key": `sort-${by}`}), {...properties, "aria-sort": sorted ?? "none"});
  });
}

function row(each) {
  const amounts = (name) => each.accounts.map((account) => h("div", {class: isZero(account[name]) ? "muted" : null}, money(account[name], account.currency), " ",
    name === "overdue" && !isZero(account[name]) ? h("span", {class: "tag late"}, "late") : null));
  return h("tr", {},
    num(String(each.customer)),
    h("td", {class: "who"}, h("div", {}, h("a", {href: customerHref(each.customer), "data-key": `customer-${each.customer}`}, each.name), h("div", {class: "muted"}, each.email))),
    td(ids(each), {class: "wide-column"}), num(amounts("open")), num(amounts("balance")), num(amounts("overdue")),
    num(count(each.accounts.reduce((all, account) => all + account.bills, 0))));
}

function ids(each) {
  return h("details", {class: "ids", "data-key": `ids-${each.customer}`}, h("summary", {"aria-label": `Ids of ${each.name} in every API`}, "in each API"), idList(each));
}

export function idList(each) {
  return h("dl", {class: "id-list"}, Object.entries(each.ids).map(([api, names]) => [h("dt", {}, api),
    h("dd", {}, Object.entries(names).map(([name, value]) => h("div", {}, h("code", {class: "muted"}, name), " ", copyable(value, `the ${name} of ${api}`))),
      Object.keys(names).length ? null : h("span", {class: "muted"}, "has no customers"))]));
}
