// The faults view: add a fault to an API, see how often it was applied, and remove it.

import {callInWorld, getInWorld} from "./api.js";
import {button, field, h, num, onPress, announce, show, table, td, th} from "./dom.js";
import {session} from "./session.js";

const KINDS = {
  status: ["answer with a status", [["status", "Status", "503"]]],
  latency: ["delay the response", [["delay_ms", "Milliseconds", "800"]]],
  too_many_requests: ["answer 429 Too Many Requests", [["retry_after", "Retry after, seconds", "2"]]],
  reset: ["reset the connection", []],
  truncate: ["send half of the response", []],
  malformed: ["send malformed JSON", []],
  slow_drip: ["send the response slowly", [["bytes_per_second", "Bytes per second", "200"]]],
};
const chosen = {api: null, operation: "", kind: "status"};

export const faults = {
  title: "Faults",
  async show(root) {
    const {faults: found} = await getInWorld("/faults");
    const again = () => faults.show(root);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Faults"),
        found.length ? button("Remove all", onPress(async () => { await callInWorld("DELETE", "/faults"); await again(); announce("All faults removed."); }), {class: "small", "data-key": "clear-faults"}) : null),
      h("p", {class: "lead muted"}, "A fault makes a vendor’s API fail on purpose, to test how a client copes. Faults apply to this world only, and not to the control API."),
      form(again),
      found.length ? table("Faults", [th("No.", {class: "num"}), th("Where"), th("What"), th("When"), th("Calls seen", {class: "num"}), th("Applied", {class: "num"}), th("")], found.map((each) => row(each, again)))
        : h("p", {class: "muted"}, "No faults."));
  },
};

function form(again) {
  const apis = session.served.apis;
  chosen.api = apis.some((api) => api.name === chosen.api) ? chosen.api : apis[0].name;
  const operations = apis.find((api) => api.name === chosen.api).operations;
  if (!operations.includes(chosen.operation)) chosen.operation = "";
  const select = (name, choices) => h("select", {"data-key": `fault-${name}`, id: `fault-${name}`, onchange: (event) => { chosen[name] = event.target.value; again(); }},
    choices.map(([value, text]) => h("option", {value, selected: chosen[name] === value}, text)));
  const details = KINDS[chosen.kind][1].map(([name, label, value]) => [name, label, h("input", {type: "number", min: "0", value, class: "narrow", required: true, "data-key": `fault-${name}`, id: `fault-${name}`})]);
  const times = h("input", {type: "number", min: "1", placeholder: "no limit", class: "narrow", "data-key": "fault-times", id: "fault-times"});
  return h("form", {class: "card act", "aria-label": "Add a fault", onsubmit: onPress(async () => {
    const spec = {api: chosen.api, kind: chosen.kind, ...Object.fromEntries(details.map(([name, , input]) => [name, Number(input.value)]))};
    if (chosen.operation) spec.operation = chosen.operation;
    if (times.value) spec.times = Number(times.value);
    const made = await callInWorld("POST", "/faults", spec);
    await again();
    announce(`Fault ${made.id} added.`);
  })},
  field("API", select("api", apis.map((api) => [api.name, api.title]))),
  field("Operation", select("operation", [["", "every operation"], ...operations.map((each) => [each, each])])),
  field("What it does", select("kind", Object.entries(KINDS).map(([kind, [text]]) => [kind, text]))),
  details.map(([, label, input]) => field(label, input)),
  field("How often", times),
  h("button", {class: "primary", id: "add-fault", "data-key": "add-fault"}, "Add fault"));
}

function row(each, again) {
  const what = [KINDS[each.kind][0], each.status, each.delay_ms && `${each.delay_ms} ms`].filter(Boolean).join(", ");
  return h("tr", {}, num(String(each.id)), td([each.api, h("div", {class: "muted"}, h("code", {}, each.operation ?? "every operation"))]), td(what),
    td(each.times ? `${each.times} times` : "every time"), num(String(each.counted)), num(String(each.struck)),
    td(button("Remove", onPress(async () => {
      await callInWorld("DELETE", `/faults/${each.id}`);
      await again();
      announce(`Fault ${each.id} removed.`);
    }), {class: "small", "data-key": `remove-fault-${each.id}`, "aria-label": `Remove fault ${each.id}`})));
}
