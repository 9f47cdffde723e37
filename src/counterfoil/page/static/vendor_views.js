// The vendor views: what each vendor's API answers about one customer, and what the last change of the world altered.

import {callVendor, getInWorld} from "./api.js";
import {button, copy, h, onPress, announce, show} from "./dom.js";
import {credential, session} from "./session.js";

const seen = new Map();

export const vendorViews = {
  title: "Vendor views",
  async show(root, args, reason) {
    if (reason === "journal") return;
    if (args[0]) session.customer = Number(args[0]);
    if (!session.info.customers) {
      show(root, h("h1", {}, "Vendor views"), h("p", {}, "This world has no customers."));
      return;
    }
    if (session.customer > session.info.customers) session.customer = 1;
    const found = await fetchViews(session.customer);
    const number = h("input", {type: "number", min: "1", max: String(session.info.customers), value: String(session.customer), class: "narrow", "data-key": "customer", id: "vendor-customer"});
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Vendor views"), h("form", {class: "inline", onsubmit: onPress(() => {
        location.hash = `#/vendors/${number.value}`;
      })}, h("label", {}, "Customer ", number), h("button", {class: "small"}, "Show"), h("a", {href: `#/customers/${session.customer}`}, found.customer.name))),
      h("p", {class: "lead muted"}, "The same ledger in each vendor’s API. What the last change of the world altered is marked ", h("mark", {}, "◆ now"), h("span", {class: "was"}, " was ", h("s", {}, "before")), "."),
      h("div", {class: "vendor-views"}, found.panes.map(pane)));
  },
};

// Calls each API, and keeps the responses from before the world's last change.
export async function fetchViews(number) {
  const customer = await getInWorld(`/customers/${number}`);
  const version = session.version;
  const apis = session.served.apis.filter((api) => api.customer_view)
    .sort((one, other) => other.customer_view.includes("{") - one.customer_view.includes("{"));
  const panes = await Promise.all(apis.map(async (api) => {
    const path = filled(api.customer_view, {...customer.ids[api.name], month: month(customer)});
    const base = new URL(session.info.apis[api.name]).pathname;
    const header = api.credential_header;
    const answer = await callVendor(base + path, credential(), header);
    const key = [session.world, number, api.name].join(" ");
    const kept = seen.get(key);
    const before = kept && kept.version !== version ? kept.answer : kept?.before;
    seen.set(key, {version, answer, before});
    return {api, path, url: location.origin + base + path, header, answer, before};
  }));
  return {customer, panes};
}

// The API's request for one customer, with the customer's ids in place of their names.
function filled(template, values) {
  return template.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(values[name] ?? ""));
}

// The month of the newest bill, or the current one.
function month(customer) {
  const start = customer.bills[0]?.period_start ?? session.clock.today;
  return start.slice(0, 7).replace("-", "");
}

function pane({api, path, url, header, answer, before}) {
  const changes = before ? differences(before.body, answer.body) : [];
  const secret = header === "Authorization" ? `Authorization: Bearer ${credential()}` : `${header}: ${credential()}`;
  return h("section", {class: "card vendor-view", "aria-label": api.title, id: `vendor-${api.name}`},
    h("div", {class: "card-head"}, h("h2", {}, api.title), h("span", {class: `tag ${answer.status === 200 ? "good" : "late"}`}, String(answer.status || "failed"))),
    h("p", {class: "request"}, h("code", {}, `GET ${path}`)),
    h("p", {class: "row"},
      button("Copy as curl", onPress(async () => {
        await copy(`curl -s -H '${secret}' '${url}'`);
        announce(`Copied the curl command for ${api.title}.`);
      }), {class: "small", "data-key": `curl-${api.name}`, "aria-label": `Copy as curl: ${api.title}`}),
      h("a", {href: `/docs/${api.name}`, "aria-label": `Documentation of ${api.title}`}, "Swagger UI"),
      h("span", {class: "muted changes"}, before ? changes.length ? `◆ ${changes.length} changed` : "unchanged" : "")),
    h("pre", {tabindex: "0", role: "region", "aria-label": `Response of ${api.title}`}, pretty(answer.body, before?.body, Boolean(before), "")));
}

// --- what changed -------------------------------------------------------------------------------

const isBranch = (value) => value !== null && typeof value === "object";
const SUMMARY_MEMBERS = ["status", "state", "name", "invoiceAmount", "value", "description", "id"];

// A value in a few words; for an object, its most informative member.
function summarize(value) {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (!isBranch(value)) return String(value);
  const name = SUMMARY_MEMBERS.find((each) => value[each] !== undefined && !isBranch(value[each]));
  if (name) return `{${name}: ${value[name]}, …}`;
  const inner = Object.entries(value).find(([, each]) => isBranch(each) && !Array.isArray(each));
  return inner ? `{${inner[0]}: ${summarize(inner[1])}}` : "{…}";
}

// The list member with the same id, or else at the same index.
function counterpart(list, item, index) {
  if (!Array.isArray(list)) return undefined;
  if (isBranch(item) && item.id !== undefined) return list.find((each) => isBranch(each) && each.id === item.id);
  return list[index];
}

export function differences(before, now, path = "") {
  if (!isBranch(now) || !isBranch(before)) return before === now || isSame(before, now) ? [] : [{path, from: summarize(before), to: summarize(now)}];
  if (Array.isArray(now)) {
    const found = now.flatMap((item, index) => differences(counterpart(before, item, index), item, `${path}[${index}]`));
    const gone = Array.isArray(before) ? before.filter((item, index) => counterpart(now, item, index) === undefined) : [];
    return [...found, ...gone.map((item) => ({path, from: summarize(item), to: "nothing"}))];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => differences(before[name], now[name], path ? `${path}.${name}` : name));
}

const isSame = (one, other) => isBranch(one) === isBranch(other) && JSON.stringify(one) === JSON.stringify(other);

function pretty(value, before, compare, indent) {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (!value.length) return [compare && Array.isArray(before) && before.length ? changed("[]", `${before.length} entries`) : "[]"];
    return ["[\n", value.map((item, index) => [deeper, pretty(item, compare ? counterpart(before, item, index) : undefined, compare, deeper), index < value.length - 1 ? ",\n" : "\n"]), indent, "]"];
  }
  if (isBranch(value)) {
    const names = Object.keys(value);
    if (!names.length) return ["{}"];
    const was = isBranch(before) ? before : {};
    return ["{\n", names.map((name, index) => [deeper, h("span", {class: "name"}, JSON.stringify(name)), ": ", pretty(value[name], was[name], compare, deeper), index < names.length - 1 ? ",\n" : "\n"]), indent, "}"];
  }
  const text = value === undefined ? "" : JSON.stringify(value);
  if (compare && before !== value) return [changed(text, before === undefined ? "nothing" : isBranch(before) ? summarize(before) : JSON.stringify(before))];
  return [text];
}

const changed = (text, was) => [h("mark", {}, `◆ ${text}`), h("span", {class: "was"}, " was ", h("s", {}, was))];

export {pretty};
