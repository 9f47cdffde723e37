// The overview: figures, plots, and the timeline of past and coming events.

import {fetchPlot, getInWorld} from "./api.js";
import {h, show, svgFrom, button, onPress} from "./dom.js";
import {date, isZero, moment, money, plural, time} from "./format.js";
import {session} from "./session.js";
import {advance} from "./world.js";

const PLOTS = [
  ["open-by-customer", "Open and previous, by customer", [["open", "open now, net"], ["previous", "previous bill, net"]]],
  ["ageing", "Unpaid bills by age", [["previous", "not due yet"], ["late", "overdue"]]],
  ["revenue", "Billed by month", [["open", "billed, with tax"]]],
];
let chosen = null;

export const overview = {
  title: "Overview",
  // Plots are requested together with the figures; without a currency the server takes the first one.
  async load() {
    const [figures, ...plots] = await Promise.all([getInWorld("/figures"), ...PLOTS.map(([name]) => fetchPlot(name, chosen))]);
    const currencies = figures.currencies.map((each) => each.currency);
    if (!chosen || currencies.includes(chosen)) return {figures, currencies, plots: currencies.length ? plots : []};
    chosen = null;  // not in this world
    return overview.load();
  },
  async show(root, args, reason, loaded) {
    if (reason === "journal") return;
    const {figures, currencies, plots} = loaded;
    const {timeline} = session;
    const currency = chosen ?? currencies[0];
    const of = figures.currencies.find((each) => each.currency === currency);
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Overview"),
        currencies.length > 1 ? h("label", {class: "inline"}, "Currency ", h("select", {"data-key": "currency", onchange: onPress(async (event) => {
          chosen = event.target.value;
          overview.show(root, args, "version", await overview.load());
        })}, currencies.map((each) => h("option", {value: each, selected: each === currency}, each)))) : null),
      of ? tiles(of) : h("p", {}, "There are no customers in this world yet."),
      h("div", {class: "two"},
        h("section", {class: "card", "aria-label": "Timeline"}, h("h2", {}, "Timeline"), future(timeline.future), past(timeline)),
        h("div", {class: "plots"}, plots.map((each, index) => h("section", {class: "card", "aria-label": PLOTS[index][1]},
          h("h2", {}, PLOTS[index][1]),
          h("p", {class: "legend"}, PLOTS[index][2].map(([kind, text]) => h("span", {}, h("i", {class: `swatch ${kind}`, "aria-hidden": "true"}), text))),
          svgFrom("", each))))));
  },
};

function tiles(of) {
  const unpaid = sum(of.ageing.map((each) => each.remaining));
  const late = sum(of.ageing.filter((each) => each.age !== "not due").map((each) => each.remaining));
  const lateBills = of.ageing.filter((each) => each.age !== "not due").reduce((all, each) => all + each.bills, 0);
  const last = of.revenue.at(-1);
  const tile = (name, amount, text) => h("div", {class: "tile"}, h("dt", {}, name), h("dd", {}, h("strong", {}, money(amount, of.currency)), h("span", {class: "muted"}, text)));
  return h("dl", {class: "tiles"},
    tile("Open charges", of.open_net, "net, not billed yet"),
    tile("Unpaid", unpaid, plural(of.ageing.reduce((all, each) => all + each.bills, 0), "bill")),
    tile("Overdue", late, isZero(late) ? "no overdue bills" : `${plural(lateBills, "bill")} overdue`),
    tile("Last billed", last?.total ?? "0.00", last ? `${last.month}, ${plural(last.bills, "bill")}` : "no bills yet"));
}

// Adds decimal strings exactly, as integers of their smallest digit.
function sum(amounts) {
  const digits = Math.max(0, ...amounts.map((each) => each.split(".")[1]?.length ?? 0));
  const total = amounts.reduce((all, each) => {
    const [whole, part = ""] = each.split(".");
    return all + BigInt(whole + part.padEnd(digits, "0"));
  }, 0n);
  const text = String(total).padStart(digits + 1, "0");
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

function future({events: all, total}) {
  const events = all.slice(0, 7);
  return [h("h3", {}, "Coming"), events.length === 0 ? h("p", {class: "muted"}, "No scheduled events.") : h("ol", {class: "timeline coming"},
    events.map((each) => h("li", {}, h("time", {datetime: each.at}, date(each.at), h("small", {}, time(each.at))),
      h("span", {}, each.what), button("Go there", onPress(() => advance({to: each.at})), {class: "quiet small", "aria-label": `Advance the clock to ${moment(each.at)}: ${each.what}`})))),
  total > events.length ? h("p", {class: "muted"}, `and ${total - events.length} more`) : null];
}

function past({past: {entries, total}}) {
  return [h("h3", {}, "Done"), h("ol", {class: "timeline"}, entries.map((each) => h("li", {},
    h("time", {datetime: each.at}, date(each.at), h("small", {}, time(each.at))),
    h("span", {}, describe(each), each.meanwhile.map((event) => h("small", {class: "meanwhile"}, `${time(event.at)} ${event.what}`))),
    h("span", {class: "tag"}, each.by === "scenario" ? "scenario" : "command")))),
  total > entries.length ? h("p", {class: "muted"}, `and ${total - entries.length} earlier`) : null];
}

const WORDS = {
  advance_clock: (c, entry) => `the clock moves to ${moment(entry.fact)}`,
  record_usage: (c) => `customer ${c.customer} uses ${c.quantity} ${c.service === "sms" ? "SMS" : "MB"} in ${c.country}`,
  create_run: (c, entry) => `run ${entry.fact?.number ?? entry.fact ?? ""} is created${c.name ? `: ${c.name}` : ""}`,
  request_bills: (c) => `bills of run ${c.run} are requested`,
  record_payment: (c) => `customer ${c.customer} pays ${c.amount ?? "what remains"} on bill ${c.bill}`,
  add_customer: (c, entry) => `customer ${entry.fact} is added${c.name ? `: ${c.name}` : ""}`,
  add_charge: (c) => `customer ${c.customer} is charged ${c.amount ?? ""}${c.description ? `: ${c.description}` : ""}`,
  set_switch: (c) => `${c.name} is set to ${c.value}`,
};

export function describe(entry) {
  const {command: name, ...members} = entry.command;
  if (WORDS[name]) return WORDS[name](entry.command, entry);
  const rest = Object.entries(members).filter(([, value]) => value !== null && typeof value !== "object").map(([key, value]) => `${key} ${value}`);
  return `${name.replaceAll("_", " ")} · ${rest.join(", ")}`;
}
