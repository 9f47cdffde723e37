// The guided tour: the story of one month in six steps. Each step goes where its button is, and presses it.

import {app} from "./app.js";
import {button, h, pressing, say} from "./dom.js";
import {session} from "./session.js";
import {differences, look} from "./windows.js";
import {begin} from "./world.js";

const STEPS = [
  {title: "Usage", text: "Acme pays 10.00 a month and 0.05 a megabyte. It has used 40 MB, so its open charges stand at 12.00 = 10.00 + 40 × 0.05. Let it use 20 MB more.",
    at: "#/customers/1", press: "Record 20 MB", buttons: [{set: {"usage-quantity": "20"}, id: "record-usage"}]},
  {title: "Run", text: "The open charges are 13.00 now. A billing run will collect everything before the first of February and ask for payment by the fifteenth.",
    at: "#/runs", press: "Create the run", buttons: [{id: "create-run"}]},
  {title: "Bills", text: "On the first of February the bills are requested. A minute later the run is running, four minutes after that it is complete: 13.00 and 19 % tax make 15.47.",
    at: "#/runs", press: "Go to 1 February and request the bills", buttons: [{until: "2026-02-01", id: "clock-day"}, {id: "request-1"}, {id: "watch-1", wait: '[id="run-1"] [data-status="complete"]'}]},
  {title: "Part payment", text: "Acme pays 5.47 of the 15.47. Two of the vendors have a word for that, the others only see a smaller sum.",
    at: "#/customers/1", press: "Pay 5.47", buttons: [{set: {"pay-amount-1": "5.47"}, id: "pay-1"}]},
  {title: "Overdue", text: "Nothing more comes in, and the fifteenth passes. A month later the 10.00 that remain are overdue.",
    at: "#/customers/1", press: "Let a month pass", buttons: [{id: "clock-month"}]},
  {title: "Paid", text: "Acme pays the rest. The bill is settled in one API, no longer overdue in the next, and gone from the unpaid sum in the third.",
    at: "#/customers/1", press: "Pay in full", buttons: [{id: "pay-full-1"}]},
];

const place = document.getElementById("tour");
let step = -1;
let before = null;
let told = null;

export const tour = {
  open() {
    place.hidden = false;
    document.body.classList.add("touring");
    step = -1;
    told = null;
    draw();
    place.querySelector("button.primary")?.focus();
  },
};

function close() {
  place.hidden = true;
  document.body.classList.remove("touring");
  document.getElementById("start-tour").focus();
}

function draw() {
  const now = STEPS[step];
  const head = h("div", {class: "card-head"}, h("h2", {}, step < 0 ? "One month of one customer" : step < STEPS.length ? `${step + 1} of ${STEPS.length}: ${now.title}` : "That was a month"),
    button("Leave", close, {class: "quiet small", "aria-label": "Leave the tour"}));
  const dots = h("p", {class: "dots", "aria-hidden": "true"}, STEPS.map((_, index) => h("i", {class: index <= step ? "on" : null})));
  const body = step < 0
    ? [h("p", {}, "Six presses take one customer from usage to a paid bill, and show what five vendors’ APIs say of each. It happens in a world of its own."),
      button("Begin", pressing(start), {class: "primary", id: "tour-next"})]
    : step < STEPS.length
      ? [h("p", {}, now.text), told ? button("Next", pressing(next), {class: "primary", id: "tour-next"}) : button(now.press, pressing(perform), {class: "primary", id: "tour-press"}), told]
      : [h("p", {}, "Everything you pressed is a command; the overview’s timeline lists them. Look around, or reset the world and tell it differently."),
        h("p", {class: "row"}, h("a", {class: "button", href: "#/overview"}, "See the timeline"), h("a", {class: "button", href: "#/windows"}, "See the five windows"))];
  place.replaceChildren(head, dots, ...body.filter(Boolean));
}

async function start() {
  await begin("one-month");
  await next();
}

async function next() {
  step += 1;
  told = null;
  const now = STEPS[step];
  if (now) await go(now.at);
  draw();
  place.querySelector("button.primary, a.button")?.focus();
}

// Presses the buttons a visitor would press, one after the other, and then tells what the five APIs say differently.
async function perform() {
  const now = STEPS[step];
  await go(now.at);
  before = await look(1);
  for (const each of now.buttons) {
    for (const [id, value] of Object.entries(each.set ?? {})) {
      const input = await present(id);
      input.value = value;
      input.dataset.touched = "yes";
    }
    do await press(each);
    while (each.until && session.clock.today < each.until);
  }
  const after = await look(1);
  told = changes(before, after);
  draw();
  document.getElementById("tour-next").focus();
  say(`${now.title}: done.`);
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
  if (document.getElementById("trouble").textContent) throw new Error(document.getElementById("trouble").textContent);
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
    if (document.getElementById("trouble").textContent) throw new Error(document.getElementById("trouble").textContent);
    await pause(40);
  }
  throw new Error("the page did not get there; leave the tour and begin again");
}

const MOST = 4;
const SPEAKS = [/(state|status|status[.]description)$/i, /(remaining|unpaid|overdue|open|previous|invoiceAmount|total_paid|applied)/i, /(cost|value|amount|count)/i];
const HUMS = /(date|update|validFor|[.]id$)/i;

// What says most comes first: states, then sums that are owed, then other sums; dates last.
function rank(path) {
  if (HUMS.test(path)) return 9;
  const at = SPEAKS.findIndex((each) => each.test(path));
  return at < 0 ? 5 : at;
}

function changes(was, is) {
  return h("div", {class: "told"}, h("h3", {}, "What the five APIs say differently"), h("dl", {}, is.panes.map((pane, index) => {
    const all = differences(was.panes[index].answer.body, pane.answer.body).sort((one, other) => rank(one.path) - rank(other.path));
    return [h("dt", {}, pane.api.name), all.length ? all.slice(0, MOST).map((each) => h("dd", {}, h("code", {}, each.path || "answer"), " ", h("s", {class: "was"}, each.from), " → ", h("strong", {}, each.to)))
      : h("dd", {class: "muted"}, "nothing"), all.length > MOST ? h("dd", {class: "muted"}, `and ${all.length - MOST} more`) : null];
  })));
}
