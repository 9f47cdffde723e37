// Faults: make an API fail on purpose, see how often it did, and take the fault away.

import {inWorld, ofWorld} from "./api.js";
import {button, field, h, num, pressing, say, show, table, td, th} from "./dom.js";
import {session} from "./session.js";

const KINDS = {
  status: ["answer a status", [["status", "Status", "503"]]],
  latency: ["wait first", [["delay_ms", "Milliseconds", "800"]]],
  too_many_requests: ["say 429, too many requests", [["retry_after", "Retry after, seconds", "2"]]],
  reset: ["break the connection", []],
  truncate: ["send half of the answer", []],
  malformed: ["send broken JSON", []],
  slow_drip: ["send it slowly", [["bytes_per_second", "Bytes a second", "200"]]],
};
const chosen = {api: null, operation: "", kind: "status"};

export const faults = {
  title: "Faults",
  async show(root) {
    const {faults: found} = await ofWorld("/faults");
    const again = () => faults.show(root);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Faults"),
        found.length ? button("Remove all", pressing(async () => { await inWorld("DELETE", "/faults"); await again(); say("No faults any more."); }), {class: "small", "data-key": "clear-faults"}) : null),
      h("p", {class: "lead muted"}, "What a client does on a bad day is best tried before it comes. Faults strike the vendors’ APIs of this world, never the control API."),
      form(again),
      found.length ? table("Faults", [th("No.", {class: "num"}), th("Where"), th("What"), th("When"), th("Calls seen", {class: "num"}), th("Struck", {class: "num"}), th("")], found.map((each) => row(each, again)))
        : h("p", {class: "muted"}, "No faults: everything answers as it should."));
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
  const times = h("input", {type: "number", min: "1", placeholder: "for ever", class: "narrow", "data-key": "fault-times", id: "fault-times"});
  return h("form", {class: "card act", "aria-label": "Add a fault", onsubmit: pressing(async () => {
    const order = {api: chosen.api, kind: chosen.kind, ...Object.fromEntries(details.map(([name, , input]) => [name, Number(input.value)]))};
    if (chosen.operation) order.operation = chosen.operation;
    if (times.value) order.times = Number(times.value);
    const made = await inWorld("POST", "/faults", order);
    await again();
    say(`Fault ${made.id} lies in wait.`);
  })},
  field("API", select("api", apis.map((api) => [api.name, api.title]))),
  field("Operation", select("operation", [["", "every one"], ...operations.map((each) => [each, each])])),
  field("What it does", select("kind", Object.entries(KINDS).map(([kind, [text]]) => [kind, text]))),
  details.map(([, label, input]) => field(label, input)),
  field("How often", times),
  h("button", {class: "primary", id: "add-fault", "data-key": "add-fault"}, "Add fault"));
}

function row(each, again) {
  const what = [KINDS[each.kind][0], each.status, each.delay_ms && `${each.delay_ms} ms`].filter(Boolean).join(", ");
  return h("tr", {}, num(String(each.id)), td([each.api, h("div", {class: "muted"}, h("code", {}, each.operation ?? "every operation"))]), td(what),
    td(each.times ? `${each.times} times` : "for ever"), num(String(each.counted)), num(String(each.struck)),
    td(button("Remove", pressing(async () => {
      await inWorld("DELETE", `/faults/${each.id}`);
      await again();
      say(`Fault ${each.id} is gone.`);
    }), {class: "small", "data-key": `remove-fault-${each.id}`, "aria-label": `Remove fault ${each.id}`})));
}
