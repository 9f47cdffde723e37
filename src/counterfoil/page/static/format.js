// Formats dates and amounts as the browser's locale does. Times are the world's, in UTC; amounts stay decimal strings, so that
// none is rounded.

const kept = (text) => text.replaceAll(" ", "\u00a0");  // a date or an amount is not broken into two lines
const instants = (options) => new Intl.DateTimeFormat(undefined, {timeZone: "UTC", ...options});
const DATE = instants({day: "numeric", month: "short", year: "numeric"});
const WEEKDAY = instants({weekday: "short"});
const MONTH = instants({month: "long", year: "numeric"});
const TIME = instants({hour: "2-digit", minute: "2-digit"});
const EXACT_TIME = instants({hour: "2-digit", minute: "2-digit", second: "2-digit"});
const COUNT = new Intl.NumberFormat();
const PERCENT = new Intl.NumberFormat(undefined, {style: "percent", maximumFractionDigits: 1});

export const date = (text) => text ? kept(DATE.format(new Date(text))) : "–";
export const weekday = (text) => WEEKDAY.format(new Date(text));
export const time = (text) => kept((text.slice(17, 19) > "00" ? EXACT_TIME : TIME).format(new Date(text)));
export const moment = (text) => text ? kept(`${date(text)}, ${time(text)}`) : "–";
export const monthName = (text) => kept(MONTH.format(new Date(`${text.slice(0, 7)}-01T00:00:00Z`)));
export const count = (number) => COUNT.format(number);
export const percent = (share) => PERCENT.format(share);

const currencies = new Map();

// How amounts of a currency with so many digits are written; of something that is no currency code, as a number.
function formatOf(currency, digits) {
  const key = `${currency} ${digits}`;
  if (!currencies.has(key)) {
    const options = {minimumFractionDigits: digits, maximumFractionDigits: digits};
    let made;
    try { made = new Intl.NumberFormat(undefined, {style: "currency", currency, ...options}); }
    catch { made = new Intl.NumberFormat(undefined, options); }
    currencies.set(key, made);
  }
  return currencies.get(key);
}

export function money(amount, currency) {
  const text = String(amount);
  const written = Math.min(text.split(".")[1]?.length ?? 0, 20);
  const digits = written === 1 ? 2 : written;  // 5.0, as somebody wrote it in a scenario
  return kept(currency ? formatOf(currency, digits).format(text) : formatOf("", digits).format(text));
}

const PARTS = /(\d{4}-\d\d-\d\d(?:T[\d:]+Z)?)|\b(\d{4}-\d\d)\b|(\d+[.]\d+)(?:\s([A-Z]{3})\b)?/g;

// A sentence of the server's, with its dates and amounts as the page writes them.
export function sentence(text, currency) {
  return text.replace(PARTS, (_, day, month, amount, code) =>
    day ? (day.length > 10 ? moment(day) : date(day)) : month ? monthName(month) : money(amount, code ?? currency));
}

export const isZero = (amount) => /^-?0*([.]0*)?$/.test(amount);
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

// Adds decimal strings exactly, as integers of their smallest digit.
export function sum(amounts) {
  const digits = Math.max(0, ...amounts.map((each) => each.split(".")[1]?.length ?? 0));
  const total = amounts.reduce((all, each) => {
    const [whole, part = ""] = each.split(".");
    return all + BigInt(whole + part.padEnd(digits, "0"));
  }, 0n);
  const text = String(total < 0n ? -total : total).padStart(digits + 1, "0");
  return (total < 0n ? "-" : "") + (digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text);
}

export function addDays(text, days) {
  const moved = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

export function firstOfNextMonth(text) {
  const [year, month] = text.split("-").map(Number);
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, "0")}-01`;
}
