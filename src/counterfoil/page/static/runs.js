// The billing runs view: create a run, request its bills, and watch its status change.

import {thenRefresh} from "./app.js";
import {command, getInWorld} from "./api.js";
import {button, field, h, num, onPress, announce, show, table, td, th} from "./dom.js";
import {addDays, date, firstOfNextMonth, moment, money, monthName, plural} from "./format.js";
import {session} from "./session.js";
import {advance} from "./world.js";

const STAGES = ["pending", "requested", "running", "complete"];
const list = {offset: 0, limit: 20};

export const runs = {
  title: "Billing runs",
  async show(root, args, reason) {
    if (reason === "journal") return;
    const found = await getInWorld("/runs", list);
    const to = Math.min(found.offset + list.limit, found.total);
    const turn = (by) => onPress(async () => { list.offset = Math.max(0, list.offset + by); await runs.show(root, args, "version"); });
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Billing runs")),
      h("p", {class: "lead muted"}, "A run bills every charge before its cut-off date, with one bill per account. One minute after its bills are requested it is running, and four minutes later complete, by the world’s clock."),
      creation(),
      found.total ? table("Billing runs", [th("Run", {class: "num"}), th("Name"), th("Status"), th("Dates"), th("Bills", {class: "num"}), th("Billed", {class: "num"}), th("Action")], found.runs.map(row))
        : h("p", {class: "muted"}, "No runs yet. Create the first one above."),
      found.total > list.limit ? h("div", {class: "pager"}, button("‹ Newer", turn(-list.limit), {class: "small", disabled: found.offset === 0}),
        h("span", {class: "muted"}, `${found.offset + 1}–${to} of ${found.total}`), button("Older ›", turn(list.limit), {class: "small", disabled: to >= found.total})) : null);
  },
};

function creation() {
  const next = firstOfNextMonth(session.clock.today);
  const input = (name, properties) => h("input", {"data-key": `run-${name}`, id: `run-${name}`, ...properties});
  const name = input("name", {value: monthName(session.clock.today), maxlength: 100});
  const invoice = input("invoice", {type: "date", value: next, required: true});
  const cutoff = input("cutoff", {type: "date", value: next, required: true});
  const due = input("due", {type: "date", value: addDays(next, 14), required: true});
  return h("form", {class: "card act", "aria-label": "Create a billing run", onsubmit: onPress(() => thenRefresh(
    () => command("create_run", {name: name.value || null, invoice_date: invoice.value, cutoff_date: cutoff.value, due_date: due.value}),
    (done) => `Run ${done.fact.number ?? ""} created. Next, request its bills.`))},
  field("Name", name), field("Invoices dated", invoice), field("Charges before", cutoff), field("Due on", due),
  h("button", {class: "primary", id: "create-run", "data-key": "create-run"}, "Create run"));
}

function row(run) {
  return h("tr", {id: `run-${run.run}`},
    num(String(run.run)),
    td([run.name ?? "–", run.is_open ? h("div", {}, h("span", {class: "tag"}, "open")) : null, run.message ? h("div", {class: "muted"}, run.message) : null]),
    td(stages(run)),
    td([h("div", {}, `dated ${date(run.invoice_date)}`), h("div", {class: "muted"}, `before ${date(run.cutoff_date)} · due ${date(run.due_date)}`),
      run.completed_at ? h("div", {class: "muted"}, `complete ${moment(run.completed_at)}`) : null]),
    num(String(run.bills)),
    num(Object.entries(run.totals).map(([currency, total]) => h("div", {}, money(total, currency)))),
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
      h("div", {class: "muted"}, `${run.next.what} · ${moment(run.next.at)}`)];
  }
  return h("span", {class: "muted"}, run.status === "complete" ? plural(run.bills, "bill") + " issued" : "–");
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
