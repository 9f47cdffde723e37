// Starts the page, keeps it up to date, and finds the view an address means.

import {app} from "./app.js";
import {Refused, call, get, ofWorld} from "./api.js";
import {complain, field, h, openDialog, pressing} from "./dom.js";
import {follow, pause} from "./live.js";
import {enter, keep, session} from "./session.js";
import {showClock, showWorld} from "./world.js";
import {overview} from "./overview.js";

// The first view comes with the page; the others, and the tour, when they are first looked at.
const VIEWS = {
  overview: async () => overview,
  customers: async () => (await import("./customers.js")).customers,
  runs: async () => (await import("./runs.js")).runs,
  windows: async () => (await import("./windows.js")).windows,
  journal: async () => (await import("./journal.js")).journal,
  faults: async () => (await import("./faults.js")).faults,
};
const main = document.getElementById("main");

let shown = null;
let busy = null;
let again = null;

// --- which view ---------------------------------------------------------------------------------

function wanted() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return VIEWS[name] ? {name, args: rest.map(decodeURIComponent)} : {name: "overview", args: []};
}

// A view may have asked for what it needs beside what every view needs: one wait for both.
async function render(reason) {
  const {name, args} = wanted();
  const {hash} = location;
  const loading = VIEWS[name]();
  const asks = reason !== "journal";
  const [view, asked] = await Promise.all([loading, asks ? loading.then((each) => each.ask?.()) : null, asks ? know() : null]);
  const isNew = shown !== hash;
  shown = hash;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · counterfoil sandbox`;
  if (isNew) main.dataset.view = name;
  await view.show(main, args, isNew ? "new" : reason, asked);
  main.dataset.ready = `${name} ${session.version}`;
}

// One refresh at a time; what comes meanwhile is done once afterwards.
function refresh(reason = "version") {
  if (busy) {
    again = again === "version" ? again : reason;
    return busy;
  }
  busy = (async () => {
    do {
      const now = again ?? reason;
      again = null;
      try {
        await render(now);
      } catch (error) {
        mend(error).catch(complain);  // not awaited: mending ends in a refresh, which waits for this one
      }
    } while (again);
  })().finally(() => { busy = null; });
  return busy;
}

async function know() {
  const [info, clock, timeline, served] = await Promise.all([
    ofWorld(), ofWorld("/clock"), ofWorld("/timeline", {limit: 9, ahead: 10}), session.served ?? get("/apis"),
  ]);
  session.served = served;
  session.info = info;
  session.clock = clock;
  session.timeline = timeline;
  session.next = soonest(clock, timeline.future.events);
  session.version = clock.version;
  showWorld();
  showClock();
}

// The next thing to come, of itself or on the calendar, such as bills falling due.
function soonest(clock, events) {
  const dated = events.find((each) => each.at > clock.now) ?? null;
  return clock.next && (!dated || clock.next.at <= dated.at) ? clock.next : dated;
}

// A world that is gone is left for the one that is always there; a token that is missing is asked for.
async function mend(error) {
  if (error instanceof Refused && error.status === 401) return askForToken();
  if (error instanceof Refused && error.status === 404 && error.field === "world") return leave();
  if (error instanceof Refused && error.status === 403 && session.isPublic && Date.now() - left > 5000) return leave();
  complain(error);
}

let left = 0;
async function leave() {
  left = Date.now();
  if (session.isPublic) {
    await visit();
    enter(session.mine[0]);
  } else if (session.world !== "default") enter("default");
  else return;
  live();
  await refresh();
}

async function goTo(world) {
  enter(world);
  live();
  shown = null;
  await refresh();
}

function live() {
  follow({
    onChange(data) {
      const version = data.version !== session.version;
      const exchanges = data.journal !== session.journal;
      session.journal = data.journal;
      if (version) refresh("version");
      else if (exchanges) refresh("journal");
    },
    onGone: leave,
  });
}

// --- who is asking ------------------------------------------------------------------------------

async function visit() {
  const met = await call("POST", "/visit", {});
  session.visit = met.visit;
  session.mine = met.worlds;
  if (!met.worlds.includes(session.world)) enter(met.worlds[0]);
}

function askForToken() {
  return new Promise((resolve) => {
    const input = h("input", {type: "password", autocomplete: "off", required: true, name: "token"});
    const form = h("form", {onsubmit: pressing(async () => {
      session.token = input.value.trim();
      keep("counterfoil.token", session.token);
      document.getElementById("dialog").close();
      await start();
      resolve();
    })}, h("p", {}, "This server can be reached from other machines, so its control API wants the token it printed when it started."),
    field("Control token", input), h("p", {}, h("button", {class: "primary"}, "Go on")));
    openDialog("Control token", form);
    input.focus();
  });
}

// --- light and dark -----------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
function theme() {
  const toggle = document.getElementById("theme");
  let now = "system";
  try { now = localStorage.getItem("counterfoil.theme") ?? "system"; } catch { /* not kept */ }
  const put = () => {
    if (now === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    toggle.setAttribute("aria-label", `Colours: ${now === "system" ? "as the system has them" : now}`);
    toggle.title = toggle.getAttribute("aria-label");
  };
  toggle.addEventListener("click", () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    try { localStorage.setItem("counterfoil.theme", now); } catch { /* not kept */ }
    put();
  });
  put();
}

async function start() {
  try {
    if (session.isPublic) await visit();
    await refresh("new");
    if (session.info) live();  // else what went wrong is being mended
  } catch (error) {
    await mend(error);
  }
}

Object.assign(app, {refresh, goTo});
theme();
window.addEventListener("hashchange", async () => {
  await refresh("new");
  main.focus({preventScroll: true});
  window.scrollTo(0, 0);
});
document.addEventListener("visibilitychange", () => {
  if (!session.info) return;
  if (document.hidden) pause();
  else live();
});
document.getElementById("start-tour").addEventListener("click", pressing(async () => (await import("./tour.js")).tour.open()));
document.getElementById("dialog").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close();
});
start();
