// One customer: open charges, tariffs, bills with their computation, payments and credit notes, and forms to act on them.

import {NotFound, thenRefresh} from "./app.js";
import {command, getInWorld} from "./api.js";
import {applyButton, creditForm, creditNotes, left, refundButton} from "./credit.js";
import {idList} from "./customers.js";
import {button, field, h, num, options, show, table, td, th} from "./dom.js";
import {date, isZero, moment, money, plural, sentence} from "./format.js";
import {onPress, showError} from "./messages.js";
import {customerHref, href} from "./route.js";
import {session} from "./session.js";

const explanations = new Map();  // the element that explains a bill's amount, by the bill's name: a refresh keeps it

export async function showCustomer(root, text, reason) {
  if (reason === "new") explanations.clear();
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new NotFound(`there is no customer '${text}'; customers have numbers`);
  const customer = await getInWorld(`/customers/${text}`);
  session.customer = customer.customer;
  show(root,
    h("p", {class: "crumb"}, h("a", {href: href("customers")}, "‹ Customers")),
    h("div", {class: "title"}, h("h1", {}, customer.name), h("a", {class: "button", href: href("vendors", [text])}, "Show in the vendors’ APIs")),
    h("p", {class: "muted lead"}, `No. ${text}${customer.key ? ` · ${customer.key}` : ""} · ${customer.contact} · ${customer.email} · ${customer.street}, ${customer.zipcode} ${customer.city}, ${customer.country}`,
      customer.billed_to ? [" · billed to ", h("a", {href: customerHref(customer.billed_to)}, `customer ${customer.billed_to}`)] : null,
      customer.pays_for.length ? [" · pays for ", customer.pays_for.map((each) => h("a", {href: customerHref(each)}, ` ${each}`))] : null),
    h("div", {class: "aside-grid"},
      h("div", {}, h("section", {class: "card", "aria-label": "Bills"}, h("h2", {}, "Bills"), customer.bills.length ? customer.bills.map((bill, index) => billCard(customer, bill, index)) : h("p", {class: "muted"}, "No bills yet. A billing run creates them.")),
        h("section", {class: "card", "aria-label": "Payments"}, h("h2", {}, "Payments"), payments(customer)),
        h("section", {class: "card", "aria-label": "Credit notes"}, h("h2", {}, "Credit notes"), creditNotes(customer))),
      h("div", {}, customer.accounts.map((account) => openCard(customer, account)),
        h("section", {class: "card", "aria-label": "Tariffs"}, h("h2", {}, "Tariffs"), subscriptions(customer)),
        h("section", {class: "card", "aria-label": "Ids"}, h("h2", {}, "Ids"), idList(customer)))));
}

function openCard(customer, account) {
  const open = account.open_charges;
  return h("section", {class: "card", "aria-label": `Open charges in ${account.currency}`},
    h("div", {class: "card-head"}, h("h2", {}, "Open charges"), h("strong", {class: "amount", id: `open-${account.account}`}, money(open.net, account.currency))),
    h("p", {class: "muted"}, open.run ? ["Net; they will be billed by ", h("a", {href: href("runs", [open.run])}, `run ${open.run}`), "."] : "Net; no open billing run will bill them.",
      open.fully_rated ? null : [" ", h("span", {class: "tag late"}, "some usage has no price yet")]),
    open.lines.length ? lines(open.lines, account.currency, open.usage) : h("p", {class: "muted"}, "No charges yet."),
    h("p", {}, `Balance of issued bills: `, h("strong", {}, money(account.balance, account.currency)), ` · tax ${account.tax_rate} % · pays by ${account.payment_method}`),
    account.account === 0 ? usageForm(customer) : null);
}

function usageForm(customer) {
  const quantity = h("input", {type: "number", min: "0", step: "any", value: "20", "data-key": "quantity", id: "usage-quantity", required: true, class: "narrow"});
  const service = h("select", {"data-key": "service", id: "usage-service"}, options([["data", "MB of data"], ["sms", "SMS"]], "data"));
  const country = h("input", {value: customer.country, "data-key": "country", id: "usage-country", maxlength: "2", class: "short", required: true});
  return h("form", {class: "act", "aria-label": "Record usage", onsubmit: onPress(() => thenRefresh(
    () => command("record_usage", {customer: customer.customer, service: service.value, country: country.value.toUpperCase(), quantity: quantity.value}),
    (done) => `Usage record ${done.fact.ordinal}: ${done.fact.quantity} ${done.fact.service === "sms" ? "SMS" : "MB"} in ${done.fact.country}.`))},
  field("Quantity", quantity), field("Of", service), field("Country", country), h("button", {id: "record-usage", "data-key": "record-usage"}, "Record usage"));
}

function subscriptions(customer) {
  if (!customer.subscriptions.length) return h("p", {class: "muted"}, "No tariff.");
  return h("ul", {class: "plain"}, customer.subscriptions.map((each) => h("li", {}, h("strong", {}, each.tariff_name), " ", h("span", {class: "tag"}, each.state),
    h("div", {class: "muted"}, `since ${date(each.started)} · ${plural(each.sims, "SIM")}${each.ended ? ` · ends ${date(each.ended)}` : ""}`))));
}

function lines(all, currency, usage = []) {
  return table("Lines", [th("Item"), th("Amount", {class: "num"})], all.map((line) => h("tr", {},
    td([line.text, h("div", {class: "muted"}, sentence(line.computation)), records(line.records ?? usage.filter((each) => line.record_numbers?.includes(each.record)))]),
    num(money(line.amount, currency)))), {class: "lines"});
}

function records(all) {
  if (!all.length) return null;
  return h("details", {class: "records"}, h("summary", {}, plural(all.length, "usage record")),
    h("ol", {class: "plain"}, all.map((each) => h("li", {}, `No. ${each.record}: ${each.quantity} ${each.unit} in ${each.country}, ${moment(each.started_at)}`, each.rated ? null : [" ", h("span", {class: "tag late"}, "no price yet")]))));
}

const state = (bill) => bill.overdue ? `${bill.settlement}, overdue` : bill.settlement;

function billCard(customer, bill, index) {
  const name = `${customer.customer}-${bill.account}-${bill.bill}`;
  const owes = !isZero(bill.remaining) && bill.settlement !== "cancelled";
  const why = explanations.get(name) ?? h("div", {class: "why"});
  if (explanations.has(name)) explain(customer, bill, why).catch(showError);
  return h("details", {class: "bill", open: index === 0, "data-key": `bill-${name}`},
    h("summary", {}, h("span", {class: "bill-name"}, `Bill ${bill.bill}`), h("span", {class: "muted"}, `${bill.run ? `run ${bill.run}` : "on demand"} · issued ${date(bill.issued_on)} · due ${date(bill.due_on)}`),
      h("span", {class: `tag ${bill.overdue ? "late" : owes ? "owed" : "good"}`}, state(bill)), bill.held ? h("span", {class: "tag"}, "held") : null,
      h("strong", {class: "amount"}, money(bill.total, bill.currency))),
    h("p", {}, "Paid ", h("strong", {}, money(bill.paid, bill.currency)), isZero(bill.credited) ? null : [", credited ", h("strong", {}, money(bill.credited, bill.currency))], ", remaining ", h("strong", {id: `remaining-${bill.bill}`}, money(bill.remaining, bill.currency)), "."),
    owes ? payForm(customer, bill, name) : null,
    creditForm(customer, bill, name),
    h("p", {}, button("Why this amount?", onPress(() => {
      explanations.set(name, why);
      return explain(customer, bill, why);
    }), {class: "small", "data-key": `why-${name}`, "aria-label": `Why is bill ${bill.bill} ${money(bill.total, bill.currency)}?`})), why);
}

// Shows how a bill's amount was computed.
async function explain(customer, bill, place) {
  const found = await getInWorld(`/customers/${customer.customer}/bills/${bill.account}/${bill.bill}/why`);
  show(place, lines(found.lines, found.currency), h("ol", {class: "steps"}, found.steps.map((each) => h("li", {}, sentence(each, bill.currency)))));
}

function payForm(customer, bill, name) {
  const amount = h("input", {type: "text", inputmode: "decimal", value: bill.remaining, "data-key": `amount-${name}-${bill.remaining}`, id: `pay-amount-${bill.bill}`, class: "narrow", pattern: "[0-9]+([.][0-9]+)?", title: "an amount such as 12.50", required: true});
  const members = {customer: customer.customer, account: bill.account, bill: bill.bill};
  const pay = (more) => thenRefresh(() => command("record_payment", {...members, ...more}), `Paid ${more.amount ? money(more.amount, bill.currency) : "in full"} on bill ${bill.bill}.`);
  return h("form", {class: "act", "aria-label": `Pay bill ${bill.bill}`, onsubmit: onPress(() => pay({amount: amount.value}))},
    field(`Amount in ${bill.currency}`, amount), h("button", {"data-key": `pay-${name}`, id: `pay-${bill.bill}`}, "Pay this amount"),
    button("Pay in full", onPress(() => pay({})), {class: "primary", "data-key": `pay-full-${name}`, id: `pay-full-${bill.bill}`}), applyButton(customer, bill, name));
}

function payments(customer) {
  if (!customer.payments.length) return h("p", {class: "muted"}, "No payments yet.");
  const currency = (each) => customer.accounts[each.account].currency;
  return table("Payments", [th("No.", {class: "num"}), th("When"), th("On"), th("By"), th("State"), th("Amount", {class: "num"}), th("Action")], customer.payments.map((each) => h("tr", {},
    num(String(each.payment)), td(moment(each.received_at)), td(`bill ${each.bill}`), td(each.method), td(h("span", {class: `tag ${each.state === "failed" ? "late" : each.state === "succeeded" ? "good" : ""}`}, each.state)),
    num([money(each.amount, currency(each)), isZero(each.refunded) ? null : h("div", {class: "muted"}, `${money(each.refunded, currency(each))} refunded`), left(each, currency(each))]), td(refundButton(customer, each, currency(each)) ?? "–"))));
}
