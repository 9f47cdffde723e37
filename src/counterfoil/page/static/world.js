// The header: which world this is, with a menu of what can be done to it as a whole, and its clock.

import {app, thenRefresh} from "./app.js";
import {call, command, CONTROL, callInWorld} from "./api.js";
import {button, h, show} from "./dom.js";
import {moment, plural, sentence, weekday} from "./format.js";
import {announce, closeDialog, onPress, openDialog} from "./messages.js";
import {session} from "./session.js";

export function showWorld() {
  const {info} = session;
  const item = (label, text, work, key) => h("li", {}, h("button", {type: "button", "data-key": key, onclick: onPress(async () => {
    closeMenus();
    await work();
  })}, h("strong", {}, label), h("span", {class: "muted"}, text)));
  const dialog = (name) => async () => (await import("./worlds.js"))[name]();
  show(document.getElementById("world"), h("details", {class: "menu", "data-key": "world-menu"},
    h("summary", {"aria-label": `World: ${title(info)}. Menu`},
      h("span", {class: "two-lines"}, h("strong", {}, title(info)),
        h("span", {class: "muted"}, about(info)))),
    h("ul", {class: "menu-list"},
      item("Reset…", info.commands ? `Undo ${plural(info.commands, "command")}: back to the end of the scenario` : "Clear the journal and the faults", reset, "reset"),
      item("Fork", "Go on in a copy of this world; this one stays as it is", fork, "fork"),
      item("Scenario…", "Begin a new world from another story", dialog("pickScenario"), "pick"),
      session.isPublic ? null : item("Worlds…", "Open or delete the worlds on this server", dialog("listWorlds"), "worlds"),
      item("Share this world…", "A file or a link that makes the same world", async () => (await import("./share.js")).share(), "share"))));
}

// The scenario's story says nothing about worlds of own documents alone.
const title = (info) => session.hasLedger ? info.title : session.served.apis.map((each) => each.title).join(", ");

function about(info) {
  return [session.hasLedger ? `${info.scenario}, seed ${info.seed}` : `seed ${info.seed}`, session.hasLedger ? plural(info.customers, "customer") : null,
    info.commands ? `${plural(info.commands, "command")} done` : session.hasLedger ? "as the scenario left it" : "not changed yet",
    info.name === "default" || session.isPublic ? null : `world ${info.name}`].filter(Boolean).join(" · ");
}

// Closes open menus, except one that `target` is inside of.
export function closeMenus(target = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!target || !menu.contains(target)) {
      const hadFocus = menu.contains(document.activeElement);
      menu.open = false;
      if (hadFocus && !target) menu.querySelector("summary").focus();
    }
  }
}

export function showClock() {
  const {clock, next} = session;
  show(document.getElementById("clock"),
    h("p", {class: "two-lines"},
      h("time", {datetime: clock.now, id: "now"}, h("span", {class: "weekday"}, `${weekday(clock.now)}, `), moment(clock.now)),
      session.hasLedger && h("span", {class: "muted next", id: "next", title: next ? sentence(next.what) : null}, next ? `Next: ${moment(next.at)}, ${sentence(next.what)}` : "No scheduled events")),
    h("p", {class: "row"},
      button("+1 day", onPress(() => advance({days: 1})), {"data-key": "day", id: "clock-day", class: "small"}),
      button("+1 month", onPress(() => advance({months: 1})), {"data-key": "month", id: "clock-month", class: "small"}),
      session.hasLedger && button(["Next", h("span", {class: "wide-only"}, " event")], onPress(() => advance({to: next.at})), {"data-key": "next", id: "clock-next", class: "small", disabled: !next,
        "aria-label": next ? `Advance the clock to the next event: ${sentence(next.what)}, ${moment(next.at)}` : "No scheduled events"})));
}

export async function advance(by) {
  await thenRefresh(() => command("advance_clock", by), () => `The clock is at ${moment(session.clock.now)}.`);
}

// What was done is lost for good, so that it is asked for first.
async function reset() {
  const done = session.info.commands;
  if (!done) return resetNow();
  openDialog("Reset this world?",
    h("p", {}, `${plural(done, "command")} will be undone, and the journal and the faults cleared. That cannot be taken back; a fork keeps a copy.`),
    h("p", {class: "row"}, button("Reset", onPress(resetNow), {class: "primary", id: "confirm-reset"}), button("Cancel", closeDialog)));
  document.getElementById("confirm-reset").focus();
}

async function resetNow() {
  await callInWorld("POST", "/reset");
  closeDialog();
  await app.refresh("version");
  announce("World reset to the end of its scenario; its journal and faults are cleared.");
}

async function fork() {
  const of = session.info.title;
  const made = await call("POST", `${CONTROL}/worlds/${session.world}/fork`, await nameForNew());
  await app.goTo(made.name);
  announce(session.isPublic ? "This is your other world: a copy. The original world is unchanged." : `This is a copy of “${of}”, world ${made.name}. The original world is unchanged.`);
}

// The name for a new world: chosen by the server; in public mode that of the visitor's other world, which is deleted first.
export async function nameForNew() {
  if (!session.ownWorlds) return {};
  const name = session.ownWorlds.find((each) => each !== session.world);
  await call("DELETE", `${CONTROL}/worlds/${name}`).catch((error) => { if (error.status !== 404) throw error; });
  return {name};
}

export async function begin(scenario, seed, name) {
  const body = {...(session.ownWorlds ? await nameForNew() : name ? {name} : {}), scenario};
  if (seed !== undefined && seed !== "") body.seed = Number(seed);
  const made = await call("POST", `${CONTROL}/worlds`, body);
  await app.goTo(made.name);
  return made;
}

export const worldsCount = (number) => `and ${count(number)} more`;
