// The overview: figures, plots, and the timeline of past and coming events.

import {fetchPlot, getInWorld} from "./api.js";
import {h, options, show, svgFrom} from "./dom.js";
import {isZero, money, monthName, plural, sentence, sum} from "./format.js";
import {setParams} from "./route.js";
import {app} from "./app.js";
import {session} from "./session.js";
import {timeline} from "./timeline.js";

const PLOTS = [
  ["open-by-customer", "Open charges and previous bill", [["open", "open now, net"], ["previous", "previous bill, net"]]],
  ["ageing", "Unpaid bills by age", [["previous", "not due yet"], ["late", "overdue"]]],
  ["revenue", "Billed by month", [["open", "billed, with tax"]]],
];

export const overview = {
  title: "Overview",
  // Plots are requested together with the figures, and shown when they come; without a currency the server takes the first one.
  async load({params}) {
    const past = params.past === "all" ? getInWorld("/timeline", {limit: 100, ahead: 30}) : null;
    if (!session.hasLedger) return {figures: {currencies: []}, currencies: [], plots: [], past: await past};
    const currency = params.currency ?? null;
    const plots = PLOTS.map(([name]) => fetchPlot(name, currency));
    Promise.allSettled(plots);  // one that fails is told where it is shown
    const figures = await getInWorld("/figures");
    const currencies = figures.currencies.map((each) => each.currency);
    if (currency && !currencies.includes(currency)) {  // not in this world
      setParams({currency: ""});
      return overview.load({params: {...params, currency: undefined}});
    }
    return {figures, currencies, plots: currencies.length ? plots : [], past: await past};
  },
  async show(root, args, reason, loaded, params) {
    if (reason === "journal") return;
    const {figures, currencies, plots, past} = loaded;
    const all = params.past === "all";
    const currency = currencies.includes(params.currency) ? params.currency : currencies[0];
    const of = figures.currencies.find((each) => each.currency === currency);
    // where plots are shown already, they stay until the new ones are there
    const drawn = reason === "new" ? plots.map(() => null) : await Promise.all(plots);
    const turn = (changes) => { setParams(changes); return app.refresh("params"); };
    show(root,
      h("div", {class: "title"}, h("h1", {}, "Overview"),
        currencies.length > 1 ? h("label", {class: "inline"}, "Currency ", h("select", {"data-key": "currency", id: "currency", onchange: (event) => turn({currency: event.target.value})},
          options(currencies.map((each) => [each, each]), currency))) : null),
      of ? tiles(of) : session.hasLedger ? h("p", {class: "lead muted"}, "This world has no customers yet.") : null,
      h("div", {class: plots.length ? "dashboard" : null},
        timeline(past ?? session.timeline, {all, toggle: () => turn({past: all ? "" : "all"})}),
        drawn.map((each, index) => h("section", {class: `card plot-${PLOTS[index][0]}`, "aria-label": PLOTS[index][1]},
          h("h2", {}, PLOTS[index][1]),
          h("p", {class: "legend"}, PLOTS[index][2].map(([kind, text]) => h("span", {}, h("i", {class: `swatch ${kind}`, "aria-hidden": "true"}), text))),
          each ? localized(svgFrom(each), PLOTS[index][1], currency) : h("div", {class: "plot-awaited", "data-plot": index})))));
    if (reason === "new") await Promise.all(plots.map(async (each, index) => {
      const drawing = localized(svgFrom(await each), PLOTS[index][1], currency);
      root.querySelector(`[data-plot="${index}"]`)?.replaceWith(drawing);
    }));
  },
};

// The plot with its amounts and months written as on the rest of the page.
function localized(plot, name, currency) {
  for (const text of plot.querySelectorAll(".plot-number")) text.textContent = sentence(text.textContent, currency);
  for (const text of plot.querySelectorAll(".plot-label")) {
    if (/^\d{4}-\d\d$/.test(text.textContent)) text.textContent = monthName(text.textContent);
  }
  const words = [...plot.querySelectorAll("g")].map((row) => `${row.querySelector(".plot-label").textContent}: ${[...row.querySelectorAll(".plot-number")].map((each) => each.textContent).join(", ")}`);
  plot.setAttribute("aria-label", `${name}. ${words.join("; ") || "Nothing yet."}`);
  for (const each of plot.querySelectorAll(":scope > title, :scope > desc")) each.remove();  // the label says both
  return plot;
}

function tiles(of) {
  const unpaid = sum(of.ageing.map((each) => each.remaining));
  const overdue = of.ageing.filter((each) => each.age !== "not due");
  const late = sum(overdue.map((each) => each.remaining));
  const bills = (all) => all.reduce((number, each) => number + each.bills, 0);
  const last = of.revenue.at(-1);
  const tile = (name, amount, text) => h("div", {class: "tile"}, h("dt", {}, name), h("dd", {}, h("strong", {}, money(amount, of.currency)), h("span", {class: "muted"}, text)));
  return h("dl", {class: "tiles"},
    tile("Open charges", of.open_net, "net, not billed yet"),
    tile("Unpaid", unpaid, plural(bills(of.ageing), "bill")),
    tile("Overdue", late, isZero(late) ? "no overdue bills" : `${plural(bills(overdue), "bill")} of those unpaid`),
    tile("Last billed", last?.total ?? "0.00", last ? `${monthName(last.month)}, ${plural(last.bills, "bill")}` : "no bills yet"));
}
