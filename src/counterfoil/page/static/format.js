// Formats dates and amounts. Times are the world's, in UTC; amounts stay decimal strings, without conversion to numbers.

const day = new Intl.DateTimeFormat("en-GB", {timeZone: "UTC", weekday: "short", day: "numeric", month: "long", year: "numeric"});
const short = new Intl.DateTimeFormat("en-GB", {timeZone: "UTC", day: "numeric", month: "short", year: "numeric"});

export const date = (text) => text ? short.format(new Date(text)) : "–";
export const longDate = (text) => day.format(new Date(text));
export const time = (text) => {
  const full = new Date(text).toISOString().slice(11, 19);
  return full.endsWith(":00") ? full.slice(0, 5) : full;
};
export const moment = (text) => text ? `${date(text)}, ${time(text)}` : "–";

export function money(amount, currency) {
  const [whole, cents] = amount.replace("-", "").split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u00a0");
  return `${amount.startsWith("-") ? "−" : ""}${grouped}${cents ? `.${cents}` : ""}${currency ? `\u00a0${currency}` : ""}`;
}

export const isZero = (amount) => /^-?0*([.]0*)?$/.test(amount);
export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

export function addDays(text, days) {
  const moved = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

export function firstOfNextMonth(text) {
  const [year, month] = text.split("-").map(Number);
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, "0")}-01`;
}

export const monthName = (text) =>
  new Intl.DateTimeFormat("en-GB", {timeZone: "UTC", month: "long", year: "numeric"}).format(new Date(text));
