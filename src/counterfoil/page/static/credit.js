// What a customer's view shows of credit notes and refunds, and the forms that issue, apply and refund.

import {thenRefresh} from "./app.js";
import {command} from "./api.js";
import {button, field, h, num, table, td, th} from "./dom.js";
import {isZero, moment, money} from "./format.js";
import {onPress} from "./messages.js";

const named = (bill) => ({account: bill.account, bill: bill.bill});

// Credits part or all of what was not credited yet of a bill; null where all of it was, or the bill is held.
export function creditForm(customer, bill, name) {
  if (isZero(bill.creditable) || bill.held) return null;
  const amount = h("input", {type: "text", inputmode: "decimal", value: isZero(bill.remaining) ? bill.creditable : bill.remaining, "data-key": `credit-amount-${name}-${bill.creditable}`,
    id: `credit-amount-${bill.bill}`, class: "narrow", pattern: "[0-9]+([.][0-9]+)?", title: "an amount such as 12.50", required: true});
  const reason = h("input", {value: "credit note", "data-key": `credit-reason-${name}`, id: `credit-reason-${bill.bill}`, maxlength: "200", required: true});
  const credit = (more) => thenRefresh(() => command("issue_credit_note", {customer: customer.customer, ...named(bill), reason: reason.value, ...more}),
    (done) => `Credit note ${done.fact.ordinal} over ${more.amount ? money(more.amount, bill.currency) : "all that was not credited"} of bill ${bill.bill}.`);
  return h("form", {class: "act", "aria-label": `Credit bill ${bill.bill}`, onsubmit: onPress(() => credit({amount: amount.value}))},
    field(`Amount in ${bill.currency}, with tax`, amount), field("Reason", reason), h("button", {"data-key": `credit-${name}`, id: `credit-${bill.bill}`}, "Credit this amount"),
    button("Credit in full", onPress(() => credit({})), {"data-key": `credit-full-${name}`, id: `credit-full-${bill.bill}`}));
}

// Pays a bill with what is left of the account's payments and credit notes; null where there is nothing left.
export function applyButton(customer, bill, name) {
  const {credit, currency} = customer.accounts[bill.account];
  if (isZero(credit)) return null;
  const apply = () => thenRefresh(() => command("apply_credit", {customer: customer.customer, ...named(bill)}), (done) => `${money(done.fact, currency)} of credit applied to bill ${bill.bill}.`);
  return button(`Use the credit of ${money(credit, currency)}`, onPress(apply), {"data-key": `apply-${name}`, id: `apply-${bill.bill}`});
}

// Refunds all that can be refunded of a payment; null where nothing came in or all was refunded.
export function refundButton(customer, payment, currency) {
  if (payment.state !== "succeeded" || payment.refunded === payment.amount) return null;
  const refund = () => thenRefresh(() => command("refund_payment", {customer: customer.customer, payment: payment.payment}), (done) => `${money(String(done.fact.refunded), currency)} of payment ${payment.payment} refunded.`);
  return button("Refund", onPress(refund), {class: "small", "data-key": `refund-${payment.payment}`, id: `refund-${payment.payment}`, "aria-label": `Refund payment ${payment.payment}`});
}

// What is left of a payment or credit note, if anything is.
export const left = (each, currency) => isZero(each.credit) ? null : h("div", {class: "muted"}, `${money(each.credit, currency)} left as a credit`);

export function creditNotes(customer) {
  if (!customer.credit_notes.length) return h("p", {class: "muted"}, "No credit notes.");
  return table("Credit notes", [th("No.", {class: "num"}), th("When"), th("On"), th("Reason"), th("Amount", {class: "num"})], customer.credit_notes.map((each) => h("tr", {},
    num(String(each.credit_note)), td(moment(each.issued_at)), td(`bill ${each.bill}`), td(each.reason), num([money(each.total, each.currency), left(each, each.currency)]))));
}
