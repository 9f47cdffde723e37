// The guided tour: one month of one customer in six steps. Each step opens a view and clicks its buttons.

import {app} from "./app.js";
import {button, h, onPress, announce} from "./dom.js";
import {session} from "./session.js";
import {differences, fetchViews} from "./vendor_views.js";
import {begin} from "./world.js";

const STEPS = [
  {title: "Usage", text: "Acme pays 10.00 a month and 0.05 a megabyte. It has used 40 MB, so its open charges are 12.00 = 10.00 + 40 × 0.05. Let it use 20 MB more.",
    at: "#/customers/1", press: "Record 20 MB", buttons: [{set: {"usage-quantity": "20"}, id: "record-usage"}]},
  {title: "Run", text: "The open charges are now 13.00. A billing run bills everything before the first of February and sets the fifteenth as the due date.",
    at: "#/runs", press: "Create the run", buttons: [{id: "create-run"}]},
  {title: "Bills", text: "On the first of February the bills are requested. A minute later the run is running, four minutes after that it is complete: 13.00 and 19 % tax make 15.47.",
    at: "#/runs", press: "Go to 1 February and request the bills", buttons: [{until: "2026-02-01", id: "clock-day"}, {id: "request-1"}, {id: "watch-1", wait: '[id="run-1"] [data-status="complete"]'}]},
  {title: "Part payment", text: "Acme pays 5.47 of the 15.47. Two of the APIs have a status for that; the others only report a smaller amount.",
    at: "#/customers/1", press: "Pay 5.47", buttons: [{set: {"pay-amount-1": "5.47"}, id: "pay-1"}]},
  {title: "Overdue", text: "No further payment comes in, and the due date of the fifteenth passes. A month later the remaining 10.00 are overdue.",
    at: "#/customers/1", press: "Let a month pass", buttons: [{id: "clock-month"}]},
  {title: "Paid", text: "Acme pays the rest. The bill is settled in one API, no longer overdue in the next, and gone from the unpaid sum in the third.",
    at: "#/customers/1", press: "Pay in full", buttons: [{id: "pay-full-1"}]},
];

const panel = document.getElementById("tour");
let step = -1;
let before = null;
let report = null;

export const tour = {
  open() {
    panel.hidden = false;
    document.body.classList.add("touring");
    step = -1;
    report = null;
    draw();
    panel.querySelector("button.primary")?.focus();
  },
};

function close() {
  panel.hidden = true;
  document.body.classList.remove("touring");
  document.getElementById("start-tour").focus();
}

function draw() {
  const current = STEPS[step];
  const head = h("div", {class: "card-head"}, h("h2", {}, step < 0 ? "One month of one customer" : step < STEPS.length ? `${step + 1} of ${STEPS.length}: ${current.title}` : "The month is complete"),
    button("Leave", close, {class: "quiet small", "aria-label": "Leave the tour"}));
  const dots = h("p", {class: "dots", "aria-hidden": "true"}, STEPS.map((_, index) => h("i", {class: index <= step ? "on" : null})));
  const body = step < 0
    ? [h("p", {}, "Six steps take one customer from usage to a paid bill, and show how each vendor’s API reports it. The tour creates a world of its own."),
      button("Begin", onPress(start), {class: "primary", id: "tour-next"})]
    : step < STEPS.length
      ? [h("p", {}, current.text), report ? button("Next", onPress(next), {class: "primary", id: "tour-next"}) : button(current.press, onPress(perform), {class: "primary", id: "tour-press"}), report]
      : [h("p", {}, "Each step ran commands, which the overview’s timeline lists. Look around, or reset the world and try something else."),
        h("p", {class: "row"}, h("a", {class: "button", href: "#/overview"}, "See the timeline"), h("a", {class: "button", href: "#/vendors"}, "See the vendor views"))];
  panel.replaceChildren(head, dots, ...body.filter(Boolean));
}

async function start() {
  await begin("one-month");
  await next();
}

async function next() {
  step += 1;
  report = null;
  const current = STEPS[step];
  if (current) await go(current.at);
  draw();
  panel.querySelector("button.primary, a.button")?.focus();
}

// Clicks the step's buttons as a user would, then lists what changed in the vendors' APIs.
async function perform() {
  const current = STEPS[step];
  await go(current.at);
  before = await fetchViews(1);
  for (const each of current.buttons) {
    for (const [id, value] of Object.entries(each.set ?? {})) {
      const input = await present(id);
      input.value = value;
      input.dataset.touched = "yes";
    }
    do await press(each);
    while (each.until && session.clock.today < each.until);
  }
  const after = await fetchViews(1);
  report = changes(before, after);
  draw();
  document.getElementById("tour-next").focus();
  announce(`${current.title}: done.`);
}

async function press({id, wait}) {
  const version = session.version;
  const target = await present(id);
  target.scrollIntoView({block: "center"});
  target.classList.add("pressed");
  await pause(180);
  target.click();
  await until(() => session.version !== version && document.getElementById("main").dataset.ready?.endsWith(` ${session.version}`));
  if (wait) await until(() => document.querySelector(wait) && !document.querySelector("main [aria-busy=true]"));
  if (document.getElementById("error").textContent) throw new Error(document.getElementById("error").textContent);
  document.getElementById(id)?.classList.remove("pressed");
}

async function go(hash) {
  if (location.hash !== hash) location.hash = hash;
  await app.refresh("version");
}

async function present(id) {
  await until(() => document.getElementById(id));
  return document.getElementById(id);
}

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function until(happened) {
  for (let tries = 0; tries < 300; tries += 1) {
    if (happened()) return;
    if (document.getElementById("error").textContent) throw new Error(document.getElementById("error").textContent);
    await pause(40);
  }
  throw new Error("the page did not show what the tour expected; leave the tour and start it again");
}

const MAX_CHANGES = 4;
const IMPORTANT = [/(state|status|status[.]description)$/i, /(remaining|unpaid|overdue|open|previous|invoiceAmount|total_paid|applied)/i, /(cost|value|amount|count)/i];
const MINOR = /(date|update|validFor|[.]id$)/i;

// Sort key of a change: states first, then amounts owed, then other amounts; dates last.
function rank(path) {
  if (MINOR.test(path)) return 9;
  const at = IMPORTANT.findIndex((each) => each.test(path));
  return at < 0 ? 5 : at;
}

function changes(was, is) {
  return h("div", {class: "report"}, h("h3", {}, "What changed in the APIs"), h("dl", {}, is.panes.map((pane, index) => {
    const all = differences(was.panes[index].answer.body, pane.answer.body).sort((one, other) => rank(one.path) - rank(other.path));
    return [h("dt", {}, pane.api.name), all.length ? all.slice(0, MAX_CHANGES).map((each) => h("dd", {}, h("code", {}, each.path || "answer"), " ", h("s", {class: "was"}, each.from), " → ", h("strong", {}, each.to)))
      : h("dd", {class: "muted"}, "nothing"), all.length > MAX_CHANGES ? h("dd", {class: "muted"}, `and ${all.length - MAX_CHANGES} more`) : null];
  })));
}
