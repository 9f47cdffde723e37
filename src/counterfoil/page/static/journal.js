// The journal view: requests to this world's APIs and their responses, updated live.

import {app} from "./app.js";
import {callInWorld, getInWorld} from "./api.js";
import {button, field, h, options, show} from "./dom.js";
import {count, moment} from "./format.js";
import {pretty} from "./json_view.js";
import {announce, onPress} from "./messages.js";
import {setParams} from "./route.js";
import {session} from "./session.js";

export const journal = {
  title: "Journal",
  async show(root, args, reason, loaded, {api = "", operation = "", status = "", by = "clients"}) {
    const chosen = {api: session.served.apis.some((each) => each.name === api) ? api : "", operation, status: /^[1-5]xx$/.test(status) ? status : ""};
    const everyone = by === "all";
    const found = await getInWorld("/journal", {...chosen, by: everyone ? "all" : "clients", limit: 60});
    const turn = (changes) => { setParams(changes); app.refresh("params"); };
    const select = (name, choices, label) => field(label, h("select", {"data-key": `journal-${name}`, id: `journal-${name}`, onchange: (event) => turn({[name]: event.target.value})}, options(choices, chosen[name])));
    const operations = session.served.apis.filter((each) => !chosen.api || each.name === chosen.api).flatMap((each) => each.operations);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Journal ", h("span", {class: "tag live-tag"}, "● live")),
        button("Clear", onPress(async () => { await callInWorld("DELETE", "/journal"); await app.refresh("journal"); announce("Journal cleared."); }), {class: "small", "data-key": "clear-journal"})),
      h("form", {class: "filters", onsubmit: (event) => event.preventDefault()},
        select("api", [["", "all"], ...session.served.apis.map((each) => [each.name, each.title])], "API"),
        select("operation", [["", "every operation"], ...[...new Set(operations)].map((each) => [each, each])], "Operation"),
        select("status", [["", "any status"], ["2xx", "2xx success"], ["4xx", "4xx client error"], ["5xx", "5xx server error"]], "Status"),
        h("label", {class: "inline check"}, h("input", {type: "checkbox", id: "journal-by", checked: everyone, onchange: (event) => turn({by: event.target.checked ? "all" : ""})}), "also this page’s own requests")),
      h("p", {class: "muted"}, `${count(found.total)} ${found.total === 1 ? "request" : "requests"}${found.dropped ? `; ${count(found.dropped)} older ones were dropped` : ""}. Newest first; credentials are masked.`),
      found.exchanges.length ? h("ol", {class: "journal"}, found.exchanges.toReversed().map(entry))
        : h("p", {class: "muted"}, "No requests of clients yet, or none that match. The vendor views have curl commands to try."));
  },
};

function entry(each) {
  const kind = each.status >= 500 || each.status === 0 ? "late" : each.status >= 400 ? "owed" : "good";
  return h("li", {}, h("details", {"data-key": `exchange-${session.world}-${each.number}`},
    h("summary", {}, h("span", {class: "muted count"}, `${each.number}`), h("span", {class: `tag ${kind}`}, each.status ? String(each.status) : "aborted"),
      h("code", {class: "path"}, `${each.method} ${each.path}`),
      h("span", {class: "muted facts"}, `${each.api} · ${count(Number(each.milliseconds.toFixed(1)))} ms · ${moment(each.now)}`),
      each.fault ? h("span", {class: "tag late"}, `fault ${each.fault}`) : null),
    h("p", {class: "muted"}, `${each.operation ?? "no operation"} · received ${new Date(each.at).toLocaleString()}, your time${each.reason ? ` · ${each.reason}` : ""}`),
    half("Request", each.request), half("Response", each.answer)));
}

function half(title, message) {
  let body = message.body;
  try { body = pretty(JSON.parse(message.body), undefined, false); } catch { /* not JSON: shown as text */ }
  return h("div", {class: "half"}, h("h3", {}, title),
    h("dl", {class: "headers"}, message.headers.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    message.body ? h("pre", {tabindex: "0", role: "region", "aria-label": title}, body, message.is_cut ? "\n… truncated" : null) : h("p", {class: "muted"}, "no body"));
}
