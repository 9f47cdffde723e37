// The faults view: add a fault to an API, see how often it was applied, and remove it.

import {app} from "./app.js";
import {callInWorld, getInWorld} from "./api.js";
import {button, field, h, num, options, show, table, td, th} from "./dom.js";
import {count, percent} from "./format.js";
import {announce, onPress} from "./messages.js";
import {setParams} from "./route.js";
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

export const faults = {
  title: "Faults",
  async show(root, args, reason, loaded, params) {
    const {faults: found} = await getInWorld("/faults");
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Faults"),
        found.length ? button("Remove all", onPress(async () => { await callInWorld("DELETE", "/faults"); await app.refresh(); announce("All faults removed."); }), {class: "small", "data-key": "clear-faults"}) : null),
      h("p", {class: "lead muted"}, "A fault makes an API fail on purpose, to test how a client copes. Faults apply to this world only, and not to the control API."),
      form(chosenBy(params), found),
      found.length ? table("Faults", [th("No.", {class: "num"}), th("Where"), th("What"), th("How often"), th("Calls seen", {class: "num"}), th("Applied", {class: "num"}), th("Action")], found.map(row))
        : h("p", {class: "muted"}, "No faults."));
  },
};

// What the address chooses, as far as this server has it.
function chosenBy({api, operation, kind}) {
  const found = session.served.apis.find((each) => each.name === api) ?? session.served.apis[0];
  return {api: found, operation: found.operations.includes(operation) ? operation : "", kind: Object.hasOwn(KINDS, kind ?? "") ? kind : "status"};
}

function form({api, operation, kind}, found) {
  const select = (name, choices, value) => h("select", {"data-key": `fault-${name}`, id: `fault-${name}`, onchange: (event) => {
    setParams({[name]: event.target.value, ...(name === "api" ? {operation: ""} : {})});
    app.refresh("params");
  }}, options(choices, value));
  const details = KINDS[kind][1].map(([name, label, value]) => [name, label, h("input", {type: "number", min: "0", value, class: "narrow", required: true, "data-key": `fault-${name}`, id: `fault-${name}`})]);
  const times = h("input", {type: "number", min: "1", placeholder: "every time", class: "narrow", "data-key": "fault-times", id: "fault-times"});
  return h("form", {class: "card act", "aria-label": "Add a fault", onsubmit: onPress(async () => {
    const spec = {api: api.name, kind, ...Object.fromEntries(details.map(([name, , input]) => [name, Number(input.value)]))};
    if (operation) spec.operation = operation;
    if (times.value) spec.times = Number(times.value);
    const same = found.find((each) => Object.entries(spec).every(([name, value]) => each[name] === value) && (each.operation ?? "") === operation && (each.times ?? null) === (spec.times ?? null));
    if (same) throw new Error(`fault ${same.id} does this already; remove it first, or change the new one`);
    const made = await callInWorld("POST", "/faults", spec);
    await app.refresh();
    announce(`Fault ${made.id} added.`);
  })},
  field("API", select("api", session.served.apis.map((each) => [each.name, each.title]), api.name)),
  field("Operation", select("operation", [["", "every operation"], ...api.operations.map((each) => [each, each])], operation)),
  field("What it does", select("kind", Object.entries(KINDS).map(([each, [text]]) => [each, text]), kind)),
  details.map(([, label, input]) => field(label, input)),
  field("Times", times),
  h("button", {class: "primary", id: "add-fault", "data-key": "add-fault"}, "Add fault"));
}

function howOften({nth, times, probability}) {
  const often = times === 1 ? "once" : times ? `${count(times)} times` : "every time";
  return [often, nth > 1 && `from call ${count(nth)} on`, probability < 1 && `with a probability of ${percent(probability)}`].filter(Boolean).join(", ");
}

function row(each) {
  const what = [KINDS[each.kind][0], each.status, each.kind === "latency" && `${count(each.delay_ms)} ms`].filter(Boolean).join(", ");
  return h("tr", {}, num(String(each.id)), td([each.api, h("div", {class: "muted"}, h("code", {}, each.operation ?? "every operation"))]), td(what),
    td(howOften(each)), num(count(each.counted)), num(count(each.struck)),
    td(button("Remove", onPress(async () => {
      await callInWorld("DELETE", `/faults/${each.id}`);
      await app.refresh();
      announce(`Fault ${each.id} removed.`);
    }), {class: "small", "data-key": `remove-fault-${each.id}`, "aria-label": `Remove fault ${each.id}`})));
}
