// The journal: what was asked and answered in this world, as it happens.

import {inWorld, ofWorld} from "./api.js";
import {button, field, h, pressing, say, show} from "./dom.js";
import {moment, time} from "./format.js";
import {session} from "./session.js";
import {pretty} from "./windows.js";

const wanted = {api: "", status: "", operation: ""};

export const journal = {
  title: "Journal",
  async show(root) {
    const found = await ofWorld("/journal", {...wanted, limit: 60});
    const again = () => journal.show(root);
    const select = (name, choices, label) => field(label, h("select", {"data-key": `journal-${name}`, id: `journal-${name}`, onchange: (event) => { wanted[name] = event.target.value; again(); }},
      choices.map(([value, text]) => h("option", {value, selected: wanted[name] === value}, text))));
    const operations = session.served.apis.filter((api) => !wanted.api || api.name === wanted.api).flatMap((api) => api.operations);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Journal"), h("span", {class: "tag live-tag"}, "● live"),
        button("Clear", pressing(async () => { await inWorld("DELETE", "/journal"); await again(); say("The journal is empty."); }), {class: "small", "data-key": "clear-journal"})),
      h("form", {class: "filters", onsubmit: (event) => event.preventDefault()},
        select("api", [["", "all five"], ...session.served.apis.map((api) => [api.name, api.title])], "API"),
        select("operation", [["", "every operation"], ...[...new Set(operations)].map((each) => [each, each])], "Operation"),
        select("status", [["", "any status"], ["2xx", "2xx done"], ["4xx", "4xx refused"], ["5xx", "5xx failed"]], "Status")),
      h("p", {class: "muted"}, `${found.total} fit${found.dropped ? `, ${found.dropped} older ones were dropped` : ""}. Newest first; credentials are blanked.`),
      found.exchanges.length ? h("ol", {class: "journal"}, found.exchanges.toReversed().map(entry))
        : h("p", {class: "muted"}, "Nobody has asked anything that fits. Open the five windows, or try a curl line from there."));
  },
};

function entry(each) {
  const kind = each.status >= 500 || each.status === 0 ? "late" : each.status >= 400 ? "owed" : "good";
  return h("li", {}, h("details", {"data-key": `exchange-${session.world}-${each.number}`},
    h("summary", {}, h("span", {class: "muted count"}, `${each.number}`), h("span", {class: `tag ${kind}`}, each.status ? String(each.status) : "broken"),
      h("code", {class: "path"}, `${each.method} ${each.path}`),
      h("span", {class: "muted"}, `${each.api} · ${each.milliseconds.toFixed(1)} ms · world ${time(each.now)}`),
      each.fault ? h("span", {class: "tag late"}, `fault ${each.fault}`) : null),
    h("p", {class: "muted"}, `${each.operation ?? "no operation"} · ${moment(each.at)} by the clock outside`),
    half("Request", each.request), half("Answer", each.answer)));
}

function half(title, message) {
  let body = message.body;
  try { body = pretty(JSON.parse(message.body), undefined, false, ""); } catch { /* shown as it is */ }
  return h("div", {class: "half"}, h("h3", {}, title),
    h("dl", {class: "headers"}, message.headers.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    message.body ? h("pre", {tabindex: "0", role: "region", "aria-label": title}, body, message.is_cut ? "\n… cut here" : null) : h("p", {class: "muted"}, "no body"));
}
