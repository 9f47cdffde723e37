// Starts the page, routes to a view by the address, and keeps the view up to date.

import {app} from "./app.js";
import {ApiError, call, get, getInWorld} from "./api.js";
import {showError, field, h, openDialog, onPress} from "./dom.js";
import {follow, stopFollowing} from "./event_stream.js";
import {enterWorld, session, store} from "./session.js";
import {showClock, showWorld} from "./world.js";
import {overview} from "./overview.js";

// The first view is loaded with the page; the others, and the tour, when they are opened.
const VIEWS = {
  overview: async () => overview,
  customers: async () => (await import("./customers.js")).customers,
  runs: async () => (await import("./runs.js")).runs,
  vendors: async () => (await import("./vendor_views.js")).vendorViews,
  journal: async () => (await import("./journal.js")).journal,
  faults: async () => (await import("./faults.js")).faults,
};
const main = document.getElementById("main");

let shown = null;
let busy = null;
let again = null;

// --- which view ---------------------------------------------------------------------------------

function currentRoute() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return VIEWS[name] ? {name, args: rest.map(decodeURIComponent)} : {name: "overview", args: []};
}

// What the view needs and what every view needs are requested at the same time.
async function render(reason) {
  const {name, args} = currentRoute();
  const {hash} = location;
  const loading = VIEWS[name]();
  const loads = reason !== "journal";
  const [view, loaded] = await Promise.all([loading, loads ? loading.then((each) => each.load?.()) : null, loads ? loadWorld() : null]);
  const isNew = shown !== hash;
  shown = hash;
  for (const link of document.querySelectorAll(".tabs a")) {
    if (link.getAttribute("href") === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${view.title} · counterfoil sandbox`;
  if (isNew) main.dataset.view = name;
  await view.show(main, args, isNew ? "new" : reason, loaded);
  main.dataset.ready = `${name} ${session.version}`;
}

// Runs one refresh at a time; requests that come meanwhile are merged into one more.
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
        recover(error).catch(showError);  // not awaited: recovering ends in a refresh, which waits for this one
      }
    } while (again);
  })().finally(() => { busy = null; });
  return busy;
}

async function loadWorld() {
  const [info, clock, timeline, served] = await Promise.all([
    getInWorld(), getInWorld("/clock"), getInWorld("/timeline", {limit: 9, ahead: 10}), session.served ?? get("/apis"),
  ]);
  session.served = served;
  session.info = info;
  session.clock = clock;
  session.timeline = timeline;
  session.next = nextEvent(clock, timeline.future.events);
  session.version = clock.version;
  showWorld();
  showClock();
}

// The earlier of the next scheduled step and the next dated event, such as a due date.
function nextEvent(clock, events) {
  const dated = events.find((each) => each.at > clock.now) ?? null;
  return clock.next && (!dated || clock.next.at <= dated.at) ? clock.next : dated;
}

// After a 401 asks for the token; where the world was deleted, shows the default world or begins a new visit.
async function recover(error) {
  if (error instanceof ApiError && error.status === 401) return askForToken();
  if (error instanceof ApiError && error.status === 404 && error.field === "world") return leaveWorld();
  if (error instanceof ApiError && error.status === 403 && session.isPublic && Date.now() - left > 5000) return leaveWorld();
  showError(error);
}

let left = 0;
async function leaveWorld() {
  left = Date.now();
  if (session.isPublic) {
    await startVisit();
    enterWorld(session.ownWorlds[0]);
  } else if (session.world !== "default") enterWorld("default");
  else return;
  followEvents();
  await refresh();
}

async function goTo(world) {
  enterWorld(world);
  followEvents();
  shown = null;
  await refresh();
}

function followEvents() {
  follow({
    onChange(data) {
      const version = data.version !== session.version;
      const exchanges = data.journal !== session.journal;
      session.journal = data.journal;
      if (version) refresh("version");
      else if (exchanges) refresh("journal");
    },
    onGone: leaveWorld,
  });
}

// --- visits and tokens ------------------------------------------------------------------------------

async function startVisit() {
  const met = await call("POST", "/visit", {});
  session.csrfToken = met.visit;
  session.ownWorlds = met.worlds;
  if (!met.worlds.includes(session.world)) enterWorld(met.worlds[0]);
}

function askForToken() {
  return new Promise((resolve) => {
    const input = h("input", {type: "password", autocomplete: "off", required: true, name: "token"});
    const form = h("form", {onsubmit: onPress(async () => {
      session.token = input.value.trim();
      store("counterfoil.token", session.token);
      document.getElementById("dialog").close();
      await start();
      resolve();
    })}, h("p", {}, "This server can be reached from other machines. Its control API needs the token that was printed at start-up."),
    field("Control token", input), h("p", {}, h("button", {class: "primary"}, "Continue")));
    openDialog("Control token", form);
    input.focus();
  });
}

// --- light and dark -----------------------------------------------------------------------------

const THEMES = ["system", "light", "dark"];
function theme() {
  const toggle = document.getElementById("theme");
  let now = "system";
  try { now = localStorage.getItem("counterfoil.theme") ?? "system"; } catch { /* storage is disabled */ }
  const put = () => {
    if (now === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    toggle.setAttribute("aria-label", `Colours: ${now === "system" ? "system setting" : now}`);
    toggle.title = toggle.getAttribute("aria-label");
  };
  toggle.addEventListener("click", () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    try { localStorage.setItem("counterfoil.theme", now); } catch { /* storage is disabled */ }
    put();
  });
  put();
}

async function start() {
  try {
    if (session.isPublic) await startVisit();
    await refresh("new");
    if (session.info) followEvents();  // otherwise recover() is at work
  } catch (error) {
    await recover(error);
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
  if (document.hidden) stopFollowing();
  else followEvents();
});
document.getElementById("start-tour").addEventListener("click", onPress(async () => (await import("./tour.js")).tour.open()));
document.getElementById("dialog").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close();
});
start();
