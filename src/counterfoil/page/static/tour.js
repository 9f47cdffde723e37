// The guided tour: one month of one customer in six presses. Each press opens a view, clicks its buttons as a user would, and
// lists what changed in the vendors' APIs.

import {app} from "./app.js";
import {call, CONTROL} from "./api.js";
import {changesTable, ranked} from "./changes.js";
import {button, h} from "./dom.js";
import {sentence} from "./format.js";
import {announce, onPress} from "./messages.js";
import {current, href} from "./route.js";
import {newName, session} from "./session.js";
import {fetchViews} from "./vendor_views.js";
import {begin} from "./world.js";

// `next` is said before the press, `done` after it.
const STEPS = [
  {title: "Usage", next: "Acme pays 10.00 EUR a month and 0.05 EUR a megabyte. It has used 40 MB, so its open charges are 12.00 EUR = 10.00 EUR + 40 × 0.05 EUR. Now it uses 20 MB more.",
    done: "Acme used 20 MB more: its open charges are 13.00 EUR.",
    at: ["customers", 1], press: "Record 20 MB", buttons: [{set: {"usage-quantity": "20"}, id: "record-usage"}]},
  {title: "Run", next: "A billing run collects everything before 2026-02-01. Bills will be due on 2026-02-15.",
    done: "The run is planned. Nothing is billed yet.",
    at: ["runs"], press: "Create the run", buttons: [{id: "create-run"}]},
  {title: "Bills", next: "On 2026-02-01 the bills are requested. A minute later the run is running, four minutes after that it is complete.",
    done: "The run is complete. Acme’s bill is 13.00 EUR and 19 % tax: 15.47 EUR.",
    at: ["runs"], press: "Go to the first and request the bills", buttons: [{until: "2026-02-01", id: "clock-day"}, {id: "request-1"}, {id: "watch-1", wait: '[id="run-1"] [data-status="complete"]'}]},
  {title: "Part payment", next: "Acme pays 5.47 EUR of the 15.47 EUR. Two of the APIs have a status for that; the others only report a smaller amount.",
    done: "10.00 EUR remain.",
    at: ["customers", 1], press: "Pay a part", buttons: [{set: {"pay-amount-1": "5.47"}, id: "pay-1"}]},
  {title: "Overdue", next: "No further payment comes in, and the due date passes.",
    done: "A month later the remaining 10.00 EUR are overdue.",
    at: ["customers", 1], press: "Let a month pass", buttons: [{id: "clock-month"}]},
  {title: "Paid", next: "Acme pays the rest.",
    done: "The bill is settled in one API, no longer overdue in the next, and gone from the unpaid sum in the third.",
    at: ["customers", 1], press: "Pay in full", buttons: [{id: "pay-full-1"}]},
];

const panel = document.getElementById("tour");
let done = 0;        // presses so far
let report = null;   // what the last one changed
let cameFrom = null; // the world to return to
let world = null;    // the tour's own

export const tour = {
  // Opens the panel with a world of its own; that of an earlier tour is deleted.
  async open() {
    const from = session.world === world ? cameFrom : session.world;
    const last = world;
    done = 0;
    report = null;
    await begin("one-month", undefined, newName("tour"));
    cameFrom = from;
    world = session.world;
    if (last && last !== world && !session.isPublic) await call("DELETE", `${CONTROL}/worlds/${last}`).catch(() => {});
    await go(STEPS[0].at);
    panel.hidden = false;
    document.body.classList.add("touring");
    draw();
  },
};

async function leave() {
  panel.hidden = true;
  document.body.classList.remove("touring");
  document.getElementById("start-tour").focus();
}

async function back() {
  await leave();
  const tours = world;
  world = null;
  await app.goTo(cameFrom);
  if (!session.isPublic) await call("DELETE", `${CONTROL}/worlds/${tours}`).catch(() => {});
}

function draw() {
  const step = STEPS[done];
  panel.replaceChildren(...[
    h("div", {class: "card-head"}, h("h2", {}, step ? "One month in six presses" : "The month is complete"), button("Leave", leave, {class: "quiet small", "aria-label": "Leave the tour"})),
    h("p", {class: "dots", role: "img", "aria-label": `${done} of ${STEPS.length} presses done`}, STEPS.map((_, index) => h("i", {class: index < done ? "on" : null}))),
    done ? h("p", {class: "done"}, h("strong", {}, `${STEPS[done - 1].title}: `), sentence(STEPS[done - 1].done)) : null,
    done ? null : h("p", {}, "One customer, from usage to a paid bill, and how each vendor’s API reports it. The tour has a world of its own."),
    step ? h("p", {}, h("strong", {}, `Press ${done + 1} of ${STEPS.length}. `), sentence(step.next)) : h("p", {}, "Each press ran commands, which the overview’s timeline lists."),
    step ? button(step.press, onPress(perform), {class: "primary", id: "tour-press"})
      : h("p", {class: "row"}, h("a", {class: "button primary", href: href("vendors", [1])}, "See the vendor views"), h("a", {class: "button", href: href("overview")}, "See the timeline"),
        cameFrom && cameFrom !== session.world ? button("Back to your world", onPress(back)) : null),
    report ? h("div", {class: "report"}, h("h3", {}, "What that changed in the APIs"), report) : null,
  ].filter(Boolean));
  panel.scrollTop = 0;
  if (panel.getBoundingClientRect().top < 0) panel.scrollIntoView({block: "start"});
  panel.querySelector(".primary")?.focus({preventScroll: true});
}

// Clicks the step's buttons as a user would.
async function perform() {
  const step = STEPS[done];
  if (session.world !== world) throw new Error("the tour’s world is not the one shown; start the tour again");
  await go(step.at);
  const before = await fetchViews(1);
  for (const each of step.buttons) {
    for (const [id, value] of Object.entries(each.set ?? {})) {
      const input = await present(id);
      input.value = value;
      input.dataset.touched = "yes";
    }
    do await press(each);
    while (each.until && session.clock.today < each.until);
  }
  const after = await fetchViews(1);
  report = changesTable(after.panes.map((each, index) => ({api: each.api, changes: ranked(before.panes[index].answer.body, each.answer.body)})), 3);
  done += 1;
  if (STEPS[done]) await go(STEPS[done].at);
  draw();
  announce(`${step.title}: done.`);
}

async function press({id, wait}) {
  const version = session.version;
  const target = await present(id);
  target.scrollIntoView({block: "nearest"});
  target.classList.add("pressed");
  await pause(180);
  target.click();
  await until(() => session.version !== version && document.getElementById("main").dataset.ready?.endsWith(` ${session.version}`));
  if (wait) await until(() => document.querySelector(wait) && !document.querySelector("main [aria-busy=true]"));
  const error = document.getElementById("error").textContent;
  if (error) throw new Error(error);
  document.getElementById(id)?.classList.remove("pressed");
}

async function go([name, ...args]) {
  const route = current();
  if (route.name !== name || route.args.join() !== args.join()) location.hash = href(name, args);
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
    const error = document.getElementById("error").textContent;
    if (error) throw new Error(error);
    await pause(40);
  }
  throw new Error("the page did not show what the tour expected; leave the tour and start it again");
}
