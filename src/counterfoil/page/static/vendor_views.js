// The vendor views: what each vendor's API answers about one customer, and what the last change of the world altered.

import {NotFound} from "./app.js";
import {callVendor, getInWorld} from "./api.js";
import {changesTable, ranked} from "./changes.js";
import {button, h, show} from "./dom.js";
import {pretty} from "./json_view.js";
import {announce, copy, onPress} from "./messages.js";
import {customerHref, href} from "./route.js";
import {credential, session} from "./session.js";

const seen = new Map();
const MAX_SEEN = 200;  // answers that are kept to compare with

export const vendorViews = {
  title: "Vendor views",
  async show(root, args, reason) {
    if (reason === "journal") return;
    if (!session.info.customers) {
      show(root, h("h1", {}, "Vendor views"), h("p", {class: "lead muted"}, "This world has no customers yet."));
      return;
    }
    if (args.length && !/^[1-9]\d{0,8}$/.test(args[0])) throw new NotFound(`there is no customer '${args[0]}'; customers have numbers`);
    const chosen = Number(args[0] ?? Math.min(session.customer, session.info.customers));
    const found = await fetchViews(chosen);
    session.customer = chosen;
    const number = h("input", {type: "number", min: "1", max: String(session.info.customers), value: String(chosen), class: "short", required: true, "data-key": "customer", id: "vendor-customer"});
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Vendor views"), h("form", {class: "inline", onsubmit: onPress(() => {
        location.hash = href("vendors", [number.value]);
      })}, h("label", {}, "Customer ", number), h("button", {class: "small"}, "Show"), h("a", {href: customerHref(chosen)}, found.customer.name))),
      summary(found.panes),
      h("div", {class: "vendor-views"}, found.panes.map(pane)));
    for (const each of root.querySelectorAll(".vendor-view")) step(each, 0);
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
    seen.delete(key);
    seen.set(key, {version, answer, before});
    if (seen.size > MAX_SEEN) seen.delete(seen.keys().next().value);
    return {api, path, url: location.origin + base + path, header, answer, before, changes: before ? ranked(before.body, answer.body) : []};
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

function summary(panes) {
  if (!panes.some((each) => each.before)) {
    return h("p", {class: "lead muted"}, "The same ledger in each vendor’s API. Change something, here or by a script: what it altered is listed here, and marked below ",
      h("mark", {}, "◆ now"), h("span", {class: "was"}, " was ", h("s", {}, "before")), ".");
  }
  return h("section", {class: "card changed", "aria-label": "What changed"}, h("h2", {}, "What the last change altered"), changesTable(panes, 2));
}

function pane({api, path, url, header, answer, before, changes}) {
  const secret = header === "Authorization" ? `Authorization: Bearer ${credential()}` : `${header}: ${credential()}`;
  return h("section", {class: "card vendor-view", "aria-label": api.title, id: `vendor-${api.name}`},
    h("h2", {title: api.title}, api.title),
    h("p", {class: "request", title: path}, h("span", {class: `tag ${answer.status === 200 ? "good" : "late"}`}, String(answer.status || "failed")), " ", h("code", {}, "GET ", path.split(/(?<=[/&?])/).flatMap((part) => [part, h("wbr")]))),
    h("p", {class: "row"},
      button("Copy as curl", onPress(async () => {
        await copy(`curl -s -H '${secret}' '${url}'`);
        announce(`Copied the curl command for ${api.title}.`);
      }), {class: "small", "data-key": `curl-${api.name}`, "aria-label": `Copy as curl: ${api.title}`}),
      h("a", {href: `/docs/${api.name}`, "aria-label": `Documentation of ${api.title}`}, "Swagger UI")),
    h("p", {class: "row changes"}, changes.length
      ? button("", (event) => step(event.currentTarget.closest(".vendor-view"), 1), {class: "small next-change", "data-key": `next-${api.name}`})
      : before ? h("span", {class: "muted"}, "unchanged") : null),
    h("pre", {tabindex: "0", role: "region", "aria-label": `Response of ${api.title}`}, pretty(answer.body, before?.body, Boolean(before))));
}

// Scrolls a window to its next mark, or with 0 to the first one, and says on its button which that is.
function step(view, by) {
  const marks = [...view.querySelectorAll("pre mark")];
  const box = view.querySelector("pre");
  const next = view.querySelector(".next-change");
  if (!marks.length || !next) return;
  const at = by ? (marks.findIndex((each) => each.classList.contains("at")) + by) % marks.length : 0;
  marks.forEach((each, index) => each.classList.toggle("at", index === at));
  box.scrollTop += marks[at].getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  next.replaceChildren(`◆ Change ${at + 1} of ${marks.length}`, marks.length > 1 ? ", next ›" : "");
  next.setAttribute("aria-label", `${view.getAttribute("aria-label")}: change ${at + 1} of ${marks.length}. Go to the next change`);
}
