// The timeline of a world: what comes without another command, and what was done.

import {button, h} from "./dom.js";
import {date, moment, money, sentence, time} from "./format.js";
import {onPress} from "./messages.js";
import {customerHref, href} from "./route.js";
import {session} from "./session.js";
import {advance} from "./world.js";

const SHOWN = 7;

// Where no API shows the ledger, what its runs and customers do is left out: there would be nothing to see of it.
export function timeline({past, future, names}, {all, toggle}) {
  if (!session.hasLedger) {
    const entries = past.entries.filter((each) => each.by !== "scenario").map((each) => ({...each, meanwhile: []}));
    return h("section", {class: "card", "aria-label": "Timeline"}, h("h2", {}, "What was done"),
      entries.length ? null : h("p", {class: "muted"}, "Nothing was written, and the clock was not moved."),
      done({entries, total: session.info.commands}, names, all, toggle));
  }
  return h("section", {class: "card", "aria-label": "Timeline"}, h("h2", {}, "Timeline"), coming(future), done(past, names, all, toggle));
}

const when = (at) => h("time", {datetime: at, class: "when"}, date(at), h("small", {}, time(at)));

// Usage and payments that follow each other are one line: what they do is not known before it happens.
function grouped(events) {
  const lines = [];
  for (const each of events) {
    const last = lines.at(-1);
    if (each.kind === "habits" && last?.kind === "habits") {
      last.times += 1;
      last.count += each.count;
      last.until = each.at;
    } else lines.push({...each, times: 1});
  }
  return lines;
}

function words(event) {
  if (event.kind !== "habits") return sentence(event.what);
  return event.times > 1 ? `usage and payments of customers, ${event.times} times until ${date(event.until)}` : sentence(event.what);
}

function coming({events, total}) {
  const lines = grouped(events);
  const row = (each) => h("li", {}, when(each.at), h("span", {}, words(each)),
    button("Go there", onPress(() => advance({to: each.at})), {class: "quiet small", "aria-label": `Advance the clock to ${moment(each.at)}: ${words(each)}`}));
  return [h("h3", {}, "Coming"), lines.length ? h("ol", {class: "timeline coming"}, lines.slice(0, SHOWN).map(row)) : h("p", {class: "muted"}, "No scheduled events."),
    lines.length > SHOWN ? h("details", {"data-key": "more-coming"}, h("summary", {}, "Show more"), h("ol", {class: "timeline coming"}, lines.slice(SHOWN).map(row)),
      total > events.length ? h("p", {class: "muted"}, `and ${total - events.length} later`) : null) : null];
}

function done({entries, total}, names, all, toggle) {
  if (session.hasLedger && !entries.length) return [h("h3", {}, "Done"), h("p", {class: "muted"}, "Nothing yet.")];
  return [session.hasLedger ? h("h3", {}, "Done") : null, h("ol", {class: "timeline"}, entries.map((each) => h("li", {},
    when(each.at),
    h("span", {}, describe(each, names), each.meanwhile.map((event) => h("small", {class: "meanwhile"}, `${moment(event.at)}: ${sentence(event.what)}`))),
    h("span", {class: "tag"}, each.by === "scenario" ? "scenario" : "command")))),
  total > entries.length || all ? h("p", {}, button(all ? "Show fewer" : `Show ${Math.min(total, 100) - entries.length} earlier`, onPress(toggle), {class: "quiet small", "data-key": "earlier"})) : null];
}

const WORDS = {
  advance_clock: (c, entry) => [`the clock moves to ${moment(entry.fact)}`],
  record_usage: (c, entry, who) => [who(c.customer), ` uses ${c.quantity} ${c.service === "sms" ? "SMS" : "MB"} in ${c.country}`],
  create_run: (c, entry) => [runLink(entry.fact?.number ?? entry.fact), c.name ? ` is created: ${c.name}` : " is created"],
  request_bills: (c) => ["bills of ", runLink(c.run), " are requested"],
  record_payment: (c, entry, who) => [who(c.customer), ` pays ${c.amount ? money(c.amount, entry.currency) : "what remains"} on bill ${c.bill}`],
  refund_payment: (c, entry, who) => [`payment ${c.payment} is refunded to `, who(c.customer)],
  issue_credit_note: (c, entry, who) => [who(c.customer), ` gets a credit note on bill ${c.bill}: ${c.reason}`],
  apply_credit: (c, entry, who) => ["a credit of ", who(c.customer), ` is applied to bill ${c.bill}`],
  add_customer: (c, entry, who) => [who(entry.fact), " is added"],
  subscribe: (c, entry, who) => [who(c.customer), ` subscribes to ${c.tariff}`],
  add_charge: (c, entry, who) => [who(c.customer), ` is charged ${c.amount ? money(c.amount, entry.currency) : ""}${c.description ? `: ${c.description}` : ""}`],
  set_switch: (c) => [`${c.name} is set to ${c.value}`],
  write_resource: (c) => [h("a", {href: href("collections", [c.api, c.collection, ...(c.value ? [c.id] : [])], {parent: c.parent ?? ""})}, `${c.collection} ${c.id}`), c.value ? " is written" : " is deleted"],
  write_resources: (c) => [`${c.writes.length} resources of ${c.writes[0].api} are written or deleted: ${[...new Set(c.writes.map((each) => each.collection))].join(", ")}`],
};

const runLink = (number) => h("a", {href: href("runs", [number])}, `run ${number}`);

function describe(entry, names) {
  const {command: name, ...members} = entry.command;
  const who = (number) => h("a", {href: customerHref(number)}, names[number] ?? `customer ${number}`);
  if (WORDS[name]) return WORDS[name](members, entry, who);
  const rest = Object.entries(members).filter(([, value]) => value !== null && typeof value !== "object").map(([key, value]) => `${key} ${value}`);
  return `${name.replaceAll("_", " ")}${rest.length ? `: ${rest.join(", ")}` : ""}`;
}

