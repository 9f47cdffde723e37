// Starts the page, shows the view that the address names, and keeps it up to date.

import {app, NotFound} from "./app.js";
import {askForToken, startVisit} from "./access.js";
import {ApiError, get, getInWorld} from "./api.js";
import {h, show} from "./dom.js";
import {follow, stopFollowing} from "./event_stream.js";
import {clearError, onPress, showError} from "./messages.js";
import {overview} from "./overview.js";
import {current, href, nameWorld} from "./route.js";
import {enterWorld, session} from "./session.js";
import {theme} from "./theme.js";
import {closeMenus, showClock, showWorld} from "./world.js";

// The first view is loaded with the page; the others, and the tour, when they are opened.
const VIEWS = {
  overview: async () => overview,
  customers: async () => (await import("./customers.js")).customers,
  runs: async () => (await import("./runs.js")).runs,
  vendors: async () => (await import("./vendor_views.js")).vendorViews,
  collections: async () => (await import("./collections.js")).collections,
  journal: async () => (await import("./journal.js")).journal,
  faults: async () => (await import("./faults.js")).faults,
  open: async () => (await import("./share.js")).opening,
};
const main = document.getElementById("main");

let shown = null;
let busy = null;
let again = null;

// --- showing --------------------------------------------------------------------------------------

const viewOf = (name) => Object.hasOwn(VIEWS, name) ? name : name ? null : session.home;

// What the view needs and what every view needs are requested at the same time.
async function render(reason) {
  const route = current();
  const name = viewOf(route.name);
  const place = [route.name, ...route.args].join("/");
  const isNew = shown !== place || reason === "new";
  if (shown !== place) clearError();
  followAddress(route.world);
  const loading = name ? VIEWS[name]() : nowhere(route.name);
  const loads = reason !== "journal";  // after an exchange only what shows exchanges is loaded again
  const worldLoads = loads && (reason !== "params" || !session.info);
  try {
    const [view, loaded] = await Promise.all([loading, loads ? loading.then((each) => each.load?.(route)) : null, worldLoads ? loadWorld() : null]);
    nameWorld();
    markTab(name);
    document.title = `${view.title} · counterfoil sandbox`;
    if (isNew) main.dataset.view = name ?? "";
    shown = place;
    await view.show(main, route.args, isNew ? "new" : reason, loaded, route.params);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (!session.info) await loadWorld();
    shown = place;
    notFound(name, error);
  }
  main.dataset.ready = `${name ?? route.name} ${session.version}`;
}

const nowhere = async (name) => { throw new NotFound(`there is no view '${name}' on this page`); };
const isMissing = (error) => error instanceof NotFound || (error instanceof ApiError && error.status === 404 && error.field !== "world");

function notFound(name, error) {
  nameWorld();
  markTab(name);
  document.title = "Not found · counterfoil sandbox";
  const list = [name && name !== "overview" ? name : session.home];
  list.push(document.querySelector(`.tabs a[href="#/${list[0]}"]`)?.textContent ?? list[0]);
  show(main, h("h1", {}, "Not found"), h("p", {class: "lead"}, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`),
    h("p", {}, h("a", {class: "button", href: href(list[0])}, `Go to ${list[1]}`)));
}

// Marks the tab of the view and scrolls it into sight, sideways only.
function markTab(name) {
  for (const link of document.querySelectorAll(".tabs a")) {
    const isCurrent = link.getAttribute("href") === `#/${name}`;
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    const list = link.closest("ul");
    if (isCurrent) list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
  }
}

const REASONS = ["journal", "params", "version", "new"];  // each loads what the ones before it load, and more

// Runs one refresh at a time; requests that come meanwhile are merged into one more.
function refresh(reason = "version") {
  if (busy) {
    again = REASONS[Math.max(REASONS.indexOf(again), REASONS.indexOf(reason))];
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
    getInWorld(), getInWorld("/clock"), getInWorld("/timeline", {limit: 9, ahead: 30}), session.served ?? get("/apis"),
  ]);
  session.served = served;
  session.info = info;
  session.clock = clock;
  session.timeline = timeline;
  session.next = session.hasLedger ? nextEvent(clock, timeline.future.events) : null;
  session.version = clock.version;
  showWorld();
  showClock();
}

// The earlier of the next scheduled step and the next dated event, such as a due date.
function nextEvent(clock, events) {
  const dated = events.find((each) => each.at > clock.now) ?? null;
  return clock.next && (!dated || clock.next.at <= dated.at) ? clock.next : dated;
}

// --- which world ----------------------------------------------------------------------------------

// Shows the world that the address names, if it names another.
function followAddress(world) {
  if (!world || world === session.world || session.isPublic || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(world)) return;
  enterWorld(world);
  session.info = null;
  followEvents();
}

// After a 401 asks for the token; where the world was deleted, shows the default world or begins a new visit.
async function recover(error) {
  if (error instanceof ApiError && error.status === 401) return askForToken(start);
  if (error instanceof ApiError && error.status === 404 && error.field === "world") return leaveWorld();
  if (error instanceof ApiError && error.status === 403 && session.isPublic && Date.now() - left > 5000) return leaveWorld();
  showError(error);
}

let left = 0;
async function leaveWorld() {
  left = Date.now();
  if (session.isPublic) {
    await startVisit();
    await goTo(session.ownWorlds[0]);
  } else if (session.world !== "default") {
    const gone = session.world;
    await goTo("default");
    showError(`there is no world '${gone}' on this server; this is the default world`);
  }
}

async function goTo(world) {
  enterWorld(world);
  const {name, args, params} = current();
  history.replaceState(null, "", href(viewOf(name) ?? session.home, args, params));
  followEvents();
  shown = null;
  await refresh("new");
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

// --- starting -------------------------------------------------------------------------------------

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
  closeMenus();
  clearError();
  await refresh("new");
  main.focus({preventScroll: true});
  window.scrollTo(0, 0);
});
document.addEventListener("visibilitychange", () => {
  if (!session.info) return;
  if (document.hidden) stopFollowing();
  else followEvents();
});
document.addEventListener("pointerdown", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeMenus(); });
document.getElementById("start-tour")?.addEventListener("click", onPress(async () => (await import("./tour.js")).tour.open()));
document.getElementById("dialog").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close();
});
start();
