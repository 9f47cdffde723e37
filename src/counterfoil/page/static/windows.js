// Five windows: what the five vendors' APIs say of one customer now, and what the last action changed in each.

import {ofWorld, vendor} from "./api.js";
import {button, copy, h, pressing, say, show} from "./dom.js";
import {credential, session} from "./session.js";

// How each API is asked about a customer: the path below its base, from the customer's ids.
const ASKED = {
  elevate: (ids) => `/customer-billing-summaries?page=1&pageSize=10&customerId=${encodeURIComponent(ids.customerId)}`,
  "oracle-brm": (ids) => `/customerBill?${new URLSearchParams({"billingAccount.id": ids["billingAccount.id"], limit: "50"})}`,
  flexprice: (ids) => `/customers/${encodeURIComponent(ids.id)}/invoices/summary`,
  emnify: (ids, period) => `/organisation/${encodeURIComponent(ids.org_id)}/billing/${period}`,
  billingplatform: () => "/billingRuns/",
};
const ORDER = ["elevate", "oracle-brm", "flexprice", "emnify", "billingplatform"];
const seen = new Map();
let periods = {};

export const windows = {
  title: "Five windows",
  async show(root, args, reason) {
    if (reason === "journal") return;
    if (args[0]) session.customer = Number(args[0]);
    if (!session.info.customers) {
      show(root, h("h1", {}, "Five windows"), h("p", {}, "There are no customers in this world to look at."));
      return;
    }
    if (session.customer > session.info.customers) session.customer = 1;
    const found = await look(session.customer);
    const number = h("input", {type: "number", min: "1", max: String(session.info.customers), value: String(session.customer), class: "narrow", "data-key": "customer", id: "window-customer"});
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Five windows"), h("form", {class: "inline", onsubmit: pressing(() => {
        location.hash = `#/windows/${number.value}`;
      })}, h("label", {}, "Customer ", number), h("button", {class: "small"}, "Look"), h("a", {href: `#/customers/${session.customer}`}, found.customer.name))),
      h("p", {class: "lead muted"}, "One ledger, told by five vendors, each in its own words. What the last action changed is marked ", h("mark", {}, "◆ now"), h("span", {class: "was"}, " was ", h("s", {}, "before")), "."),
      h("div", {class: "windows"}, found.panes.map(pane)));
  },
};

// Asks all five, and remembers what they said before the world last changed.
export async function look(number) {
  const customer = await ofWorld(`/customers/${number}`);
  const version = session.version;
  periods = {emnify: period(customer)};
  const apis = ORDER.map((name) => session.served.apis.find((api) => api.name === name)).filter(Boolean);
  const panes = await Promise.all(apis.map(async (api) => {
    const path = ASKED[api.name](customer.ids[api.name] ?? {}, periods[api.name]);
    const base = new URL(session.info.apis[api.name]).pathname;
    const header = api.name === "flexprice" ? "x-api-key" : "Authorization";
    const answer = await vendor(base + path, credential(), header);
    const key = [session.world, number, api.name].join(" ");
    const kept = seen.get(key);
    const before = kept && kept.version !== version ? kept.answer : kept?.before;
    seen.set(key, {version, answer, before});
    return {api, path, url: location.origin + base + path, header, answer, before};
  }));
  return {customer, panes};
}

// The month emnify is asked about: the newest bill's, or the one that is under way.
function period(customer) {
  const start = customer.bills[0]?.period_start ?? session.clock.today;
  return start.slice(0, 7).replace("-", "");
}

function pane({api, path, url, header, answer, before}) {
  const changes = before ? differences(before.body, answer.body) : [];
  const secret = header === "x-api-key" ? `x-api-key: ${credential()}` : `Authorization: Bearer ${credential()}`;
  return h("section", {class: "card window", "aria-label": api.title, id: `window-${api.name}`},
    h("div", {class: "card-head"}, h("h2", {}, api.title), h("span", {class: `tag ${answer.status === 200 ? "good" : "late"}`}, String(answer.status || "broken"))),
    h("p", {class: "asked"}, h("code", {}, `GET ${path}`)),
    h("p", {class: "row"},
      button("Copy as curl", pressing(async () => {
        await copy(`curl -s -H '${secret}' '${url}'`);
        say(`Copied a curl line for ${api.title}.`);
      }), {class: "small", "data-key": `curl-${api.name}`, "aria-label": `Copy as curl: ${api.title}`}),
      h("a", {href: `/docs/${api.name}`, "aria-label": `Documents of ${api.title}`}, "Swagger UI"),
      h("span", {class: "muted changes"}, before ? changes.length ? `◆ ${changes.length} changed` : "unchanged" : "")),
    h("pre", {tabindex: "0", role: "region", "aria-label": `Answer of ${api.title}`}, pretty(answer.body, before?.body, Boolean(before), "")));
}

// --- what changed -------------------------------------------------------------------------------

const isBranch = (value) => value !== null && typeof value === "object";
const TELLING = ["status", "state", "name", "invoiceAmount", "value", "description", "id"];

// A value in a few words; of an object the member that says most.
function plain(value) {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (!isBranch(value)) return String(value);
  const name = TELLING.find((each) => value[each] !== undefined && !isBranch(value[each]));
  if (name) return `{${name}: ${value[name]}, …}`;
  const inner = Object.entries(value).find(([, each]) => isBranch(each) && !Array.isArray(each));
  return inner ? `{${inner[0]}: ${plain(inner[1])}}` : "{…}";
}

// Members of lists are the same one where they have the same id.
function partner(list, item, index) {
  if (!Array.isArray(list)) return undefined;
  if (isBranch(item) && item.id !== undefined) return list.find((each) => isBranch(each) && each.id === item.id);
  return list[index];
}

export function differences(before, now, path = "") {
  if (!isBranch(now) || !isBranch(before)) return before === now || plainSame(before, now) ? [] : [{path, from: plain(before), to: plain(now)}];
  if (Array.isArray(now)) {
    const found = now.flatMap((item, index) => differences(partner(before, item, index), item, `${path}[${index}]`));
    const gone = Array.isArray(before) ? before.filter((item, index) => partner(now, item, index) === undefined) : [];
    return [...found, ...gone.map((item) => ({path, from: plain(item), to: "nothing"}))];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => differences(before[name], now[name], path ? `${path}.${name}` : name));
}

const plainSame = (one, other) => isBranch(one) === isBranch(other) && JSON.stringify(one) === JSON.stringify(other);

function pretty(value, before, compare, indent) {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.length) return [compare && Array.isArray(before) && before.length ? changed("[]", `${before.length} entries`) : "[]"];
    return ["[\n", value.map((item, index) => [deeper, pretty(item, compare ? partner(before, item, index) : undefined, compare, deeper), index < value.length - 1 ? ",\n" : "\n"]), indent, "]"];
  }
  if (isBranch(value)) {
    const names = Object.keys(value);
    if (!names.length) return ["{}"];
    const was = isBranch(before) ? before : {};
    return ["{\n", names.map((name, index) => [deeper, h("span", {class: "name"}, JSON.stringify(name)), ": ", pretty(value[name], was[name], compare, deeper), index < names.length - 1 ? ",\n" : "\n"]), indent, "}"];
  }
  const text = value === undefined ? "" : JSON.stringify(value);
  if (compare && before !== value) return [changed(text, before === undefined ? "nothing" : isBranch(before) ? plain(before) : JSON.stringify(before))];
  return [text];
}

const changed = (text, was) => [h("mark", {}, `◆ ${text}`), h("span", {class: "was"}, " was ", h("s", {}, was))];

export {pretty};
