// The billing runs view: create a run, request its bills, and watch its status change.

import {app, NotFound, thenRefresh} from "./app.js";
import {command, getInWorld} from "./api.js";
import {button, field, h, num, pager, show, table, td, th} from "./dom.js";
import {addDays, count, date, firstOfNextMonth, moment, money, monthName, plural, sentence} from "./format.js";
import {announce, onPress} from "./messages.js";
import {href, setParams} from "./route.js";
import {session} from "./session.js";
import {advance} from "./world.js";

const STAGES = ["pending", "requested", "running", "complete"];
const LIMIT = 20;

export const runs = {
  title: "Billing runs",
  async show(root, args, reason, loaded, params) {
    if (reason === "journal") return;
    if (args.length) await showOne(root, args[0]);
    else await showList(root, /^\d{1,9}$/.test(params.offset) ? Number(params.offset) : 0);
  },
};

const HEADS = () => [th("Run", {class: "num"}), th("Name"), th("Status"), th("Dates"), th("Bills", {class: "num"}), th("Billed", {class: "num"}), th("Action")];

async function showList(root, offset) {
  const newest = getInWorld("/runs", {offset: 0, limit: 100});
  const [found, latest] = await Promise.all([offset ? getInWorld("/runs", {offset, limit: LIMIT}) : newest, newest]);
  show(root,
    h("div", {class: "title"}, h("h1", {}, "Billing runs")),
    h("p", {class: "lead muted"}, "A run bills every charge before its cut-off date, with one bill per account. One minute after its bills are requested it is running, and four minutes later complete, by the world’s clock."),
    creation(latest.runs),
    found.total ? table("Billing runs", HEADS(), found.runs.slice(0, LIMIT).map(row))
      : h("p", {class: "muted"}, "No runs yet. Create the first one above."),
    found.total > LIMIT ? pager({offset, limit: LIMIT, total: found.total, noun: "runs"}, (to) => { setParams({offset: to || ""}); app.refresh("params"); }, ["‹ Newer", "Older ›"]) : null);
}

async function showOne(root, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new NotFound(`there is no run '${text}'; runs have numbers`);
  const run = await getInWorld(`/runs/${text}`);
  show(root, h("p", {class: "crumb"}, h("a", {href: href("runs")}, "‹ Billing runs")),
    h("div", {class: "title"}, h("h1", {}, run.name ?? `Run ${text}`)), table("Billing run", HEADS(), [row(run)]));
}

// --- creating -------------------------------------------------------------------------------------

// The month after the last one that a run bills, or the month that the clock is in.
function proposal(all) {
  const cutoffs = all.map((run) => run.cutoff_date).filter(Boolean).sort();
  const last = cutoffs.at(-1);
  const current = firstOfNextMonth(session.clock.today);
  const cutoff = last && last >= current ? firstOfNextMonth(last) : current;
  return {name: monthName(addDays(cutoff, -1)).replaceAll("\u00a0", " "), cutoff, due: addDays(cutoff, 14)};
}

// Why a run like this one is not wanted again; null if there is none like it.
function duplicate(all, name, cutoff) {
  const same = all.find((run) => run.cutoff_date === cutoff);
  if (same) return `run ${same.run}${same.name ? ` (${same.name})` : ""} already bills what was charged before ${date(cutoff)}; choose another date`;
  const namesake = name && all.find((run) => run.name === name);
  return namesake ? `run ${namesake.run} is called “${name}” already; choose another name` : null;
}

function creation(all) {
  const proposed = proposal(all);
  const input = (name, properties) => h("input", {"data-key": `run-${name}-${proposed.cutoff}`, id: `run-${name}`, ...properties});
  const name = input("name", {value: proposed.name, maxlength: 100});
  const invoice = input("invoice", {type: "date", value: proposed.cutoff, required: true});
  const cutoff = input("cutoff", {type: "date", value: proposed.cutoff, required: true});
  const due = input("due", {type: "date", value: proposed.due, required: true});
  return h("form", {class: "card act", "aria-label": "Create a billing run", onsubmit: onPress(() => {
    const reason = duplicate(all, name.value, cutoff.value);
    if (reason) throw new Error(reason);
    return thenRefresh(
      () => command("create_run", {name: name.value || null, invoice_date: invoice.value, cutoff_date: cutoff.value, due_date: due.value}),
      (done) => `Run ${done.fact.number ?? ""} created. Next, request its bills.`);
  })},
  field("Name", name), field("Invoices dated", invoice), field("Charges before", cutoff), field("Due on", due),
  h("button", {class: "primary", id: "create-run", "data-key": "create-run"}, "Create run"));
}

// --- one run --------------------------------------------------------------------------------------

function row(run) {
  return h("tr", {id: `run-${run.run}`},
    num(h("a", {href: href("runs", [run.run])}, String(run.run))),
    td([run.name ?? "–", " ", run.is_open ? h("span", {class: "tag"}, "open") : null, run.message ? h("div", {class: "muted"}, run.message) : null]),
    td([stages(run), run.completed_at ? h("div", {class: "muted when"}, moment(run.completed_at)) : null]),
    td([`dated ${date(run.invoice_date)}`, `before ${date(run.cutoff_date)}`, `due ${date(run.due_date)}`].map((each, index) => h("div", {class: index ? "muted when" : "when"}, each))),
    num(count(run.bills)),
    num(Object.keys(run.totals).length ? Object.entries(run.totals).map(([currency, total]) => h("div", {}, money(total, currency))) : "–"),
    td(action(run)));
}

// The status in words; the dots repeat it.
function stages(run) {
  const at = STAGES.indexOf(run.status);
  return h("div", {class: `stage ${run.status}`},
    h("strong", {"data-status": run.status}, run.status),
    h("span", {class: "dots", "aria-hidden": "true"}, STAGES.map((_, index) => h("i", {class: index <= at ? "on" : null}))));
}

function action(run) {
  if (run.status === "pending") {
    return button("Request bills", onPress(() => thenRefresh(() => command("request_bills", {run: run.run}), `Bills of run ${run.run} are requested.`)),
      {"data-key": `request-${run.run}`, id: `request-${run.run}`, class: "small", "aria-label": `Request bills of run ${run.run}`});
  }
  if (run.next) {
    return [button("Watch it run", onPress(() => watch(run.run)), {"data-key": `watch-${run.run}`, id: `watch-${run.run}`, class: "small", "aria-label": `Watch run ${run.run} until it is complete`}),
      h("div", {class: "muted"}, `${sentence(run.next.what)}, ${moment(run.next.at)}`)];
  }
  return h("span", {class: "muted"}, run.status === "complete" ? `${plural(run.bills, "bill")} issued` : "–");
}

// Advances the clock from step to step of the run, slowly enough to be seen.
async function watch(number) {
  for (;;) {
    const run = await getInWorld(`/runs/${number}`);
    if (!run.next) break;
    await advance({to: run.next.at});
    announce(`Run ${number} is ${(await getInWorld(`/runs/${number}`)).status}.`);
    await new Promise((resolve) => { setTimeout(resolve, 700); });
  }
}
