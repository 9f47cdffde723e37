// What differs between two answers of an API, the most telling first, and a table of it.

import {h, table, td, th} from "./dom.js";

const isBranch = (value) => value !== null && typeof value === "object";
const SUMMARY_MEMBERS = ["status", "state", "name", "invoiceAmount", "value", "description", "id"];

// A value in a few words; for an object, its most informative member.
export function summarize(value) {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 1 ? "1 entry" : `${value.length} entries`;
  if (!isBranch(value)) return String(value);
  const name = SUMMARY_MEMBERS.find((each) => value[each] !== undefined && !isBranch(value[each]));
  if (name) return `{${name}: ${value[name]}, …}`;
  const inner = Object.entries(value).find(([, each]) => isBranch(each) && !Array.isArray(each));
  return inner ? `{${inner[0]}: ${summarize(inner[1])}}` : "{…}";
}

// The list member with the same id, or else at the same index.
export function counterpart(list, item, index) {
  if (!Array.isArray(list)) return undefined;
  if (isBranch(item) && item.id !== undefined) return list.find((each) => isBranch(each) && each.id === item.id);
  return list[index];
}

export function differences(before, now, path = "") {
  if (!isBranch(now) || !isBranch(before)) return before === now || isSame(before, now) ? [] : [{path, from: summarize(before), to: summarize(now)}];
  if (Array.isArray(now)) {
    const found = now.flatMap((item, index) => differences(counterpart(before, item, index), item, now.length > 1 ? `${path}[${index}]` : path));
    const gone = Array.isArray(before) ? before.filter((item, index) => counterpart(now, item, index) === undefined) : [];
    return [...found, ...gone.map((item) => ({path, from: summarize(item), to: "nothing"}))];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => differences(before[name], now[name], path ? `${path}.${name}` : name));
}

const isSame = (one, other) => isBranch(one) === isBranch(other) && JSON.stringify(one) === JSON.stringify(other);

const IMPORTANT = [/(state|status|status[.]description)$/i, /(remaining|unpaid|overdue|open|previous|invoiceAmount|total_paid|applied)/i, /(cost|value|amount|count)/i];
const MINOR = /(date|update|validFor|[.]id$)/i;

// Sort key of a change: states first, then amounts owed, then other amounts; dates last.
function rank(path) {
  if (MINOR.test(path)) return 9;
  const at = IMPORTANT.findIndex((each) => each.test(path));
  return at < 0 ? 5 : at;
}

export const ranked = (before, now) => differences(before, now).sort((one, other) => rank(one.path) - rank(other.path));

const change = (each) => h("span", {class: "change"}, h("code", {}, each.path.replace(/^[.]/, "") || "answer"), " ", h("s", {class: "was"}, each.from), " → ", h("strong", {}, each.to));

// One row for each API that changed, with its first changes; the others open. `all` is [{api, changes}]; `most` how many are shown at once.
export function changesTable(all, most) {
  const changed = all.filter((each) => each.changes.length);
  const unchanged = all.filter((each) => !each.changes.length).map((each) => each.api.title);
  return [changed.length ? table("What changed in the APIs", [th("API"), th("What changed")], changed.map(({api, changes}) => h("tr", {},
    h("th", {scope: "row"}, h("div", {}, api.title)),
    td([h("span", {class: "change-list"}, changes.slice(0, most).map(change)),
      changes.length > most ? h("details", {"data-key": `changes-${api.name}`}, h("summary", {}, `${changes.length - most} more`), h("span", {class: "change-list"}, changes.slice(most, most + 40).map(change))) : null])))
  , {class: "cards changes-table"}) : null,
  unchanged.length ? h("p", {class: "muted unchanged"}, `Unchanged: ${unchanged.join(", ")}.`) : null];
}
