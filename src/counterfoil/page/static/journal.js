// The journal view: requests to this world's APIs and their responses, updated live.

import {callInWorld, getInWorld} from "./api.js";
import {button, field, h, onPress, announce, show} from "./dom.js";
import {moment, time} from "./format.js";
import {session} from "./session.js";
import {pretty} from "./vendor_views.js";

const filter = {api: "", status: "", operation: ""};

export const journal = {
  title: "Journal",
  async show(root) {
    const found = await getInWorld("/journal", {...filter, limit: 60});
    const again = () => journal.show(root);
    const select = (name, choices, label) => field(label, h("select", {"data-key": `journal-${name}`, id: `journal-${name}`, onchange: (event) => { filter[name] = event.target.value; again(); }},
      choices.map(([value, text]) => h("option", {value, selected: filter[name] === value}, text))));
    const operations = session.served.apis.filter((api) => !filter.api || api.name === filter.api).flatMap((api) => api.operations);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Journal"), h("span", {class: "tag live-tag"}, "● live"),
        button("Clear", onPress(async () => { await callInWorld("DELETE", "/journal"); await again(); announce("Journal cleared."); }), {class: "small", "data-key": "clear-journal"})),
      h("form", {class: "filters", onsubmit: (event) => event.preventDefault()},
        select("api", [["", "all"], ...session.served.apis.map((api) => [api.name, api.title])], "API"),
        select("operation", [["", "every operation"], ...[...new Set(operations)].map((each) => [each, each])], "Operation"),
        select("status", [["", "any status"], ["2xx", "2xx success"], ["4xx", "4xx client error"], ["5xx", "5xx server error"]], "Status")),
      h("p", {class: "muted"}, `${found.total} matching${found.dropped ? `; ${found.dropped} older ones were dropped` : ""}. Newest first; credentials are masked.`),
      found.exchanges.length ? h("ol", {class: "journal"}, found.exchanges.toReversed().map(entry))
        : h("p", {class: "muted"}, "No requests yet, or none that match. Open the vendor views, or run a curl command from there."));
  },
};

function entry(each) {
  const kind = each.status >= 500 || each.status === 0 ? "late" : each.status >= 400 ? "owed" : "good";
  return h("li", {}, h("details", {"data-key": `exchange-${session.world}-${each.number}`},
    h("summary", {}, h("span", {class: "muted count"}, `${each.number}`), h("span", {class: `tag ${kind}`}, each.status ? String(each.status) : "aborted"),
      h("code", {class: "path"}, `${each.method} ${each.path}`),
      h("span", {class: "muted"}, `${each.api} · ${each.milliseconds.toFixed(1)} ms · world ${time(each.now)}`),
      each.fault ? h("span", {class: "tag late"}, `fault ${each.fault}`) : null),
    h("p", {class: "muted"}, `${each.operation ?? "no operation"} · ${moment(each.at)} wall-clock time`),
    half("Request", each.request), half("Response", each.answer)));
}

function half(title, message) {
  let body = message.body;
  try { body = pretty(JSON.parse(message.body), undefined, false, ""); } catch { /* not JSON: shown as text */ }
  return h("div", {class: "half"}, h("h3", {}, title),
    h("dl", {class: "headers"}, message.headers.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    message.body ? h("pre", {tabindex: "0", role: "region", "aria-label": title}, body, message.is_cut ? "\n… truncated" : null) : h("p", {class: "muted"}, "no body"));
}
