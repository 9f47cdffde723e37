// The header: the world's scenario and seed with reset, fork and the choice of scenario, and its clock.

import {app, thenRefresh} from "./app.js";
import {call, command, CONTROL, get, callInWorld} from "./api.js";
import {button, field, h, openDialog, onPress, announce, show} from "./dom.js";
import {longDate, moment, plural, time} from "./format.js";
import {session} from "./session.js";

export function showWorld() {
  const {info} = session;
  show(document.getElementById("world"),
    h("p", {class: "world-name"},
      h("strong", {}, info.title),
      h("span", {class: "muted"}, `${info.scenario} · seed ${info.seed} · ${plural(info.customers, "customer")}`,
        info.name === "default" || session.isPublic ? null : ` · world ${info.name}`,
        info.commands ? ` · ${plural(info.commands, "command")} done` : " · as the scenario left it")),
    h("p", {class: "row"},
      button("Reset", onPress(reset), {"data-key": "reset", class: "small", title: "Back to the end of the scenario"}),
      button("Fork", onPress(fork), {"data-key": "fork", class: "small", title: "Create a copy of this world as it is now"}),
      button("Scenario…", onPress(pick), {"data-key": "pick", class: "small"}),
      session.isPublic ? null : button("Worlds…", onPress(worlds), {"data-key": "worlds", class: "small"})));
}

export function showClock() {
  const {clock, next} = session;
  show(document.getElementById("clock"),
    h("p", {class: "now"}, h("span", {class: "muted"}, "It is "), h("time", {datetime: clock.now, id: "now"}, `${longDate(clock.now)}, ${time(clock.now)}`)),
    h("p", {class: "row"},
      button("+1 day", onPress(() => advance({days: 1})), {"data-key": "day", id: "clock-day", class: "small"}),
      button("+1 month", onPress(() => advance({months: 1})), {"data-key": "month", id: "clock-month", class: "small"}),
      button("To the next event", onPress(() => advance({to: next.at})),
        {"data-key": "next", id: "clock-next", class: "small", disabled: !next})),
    h("p", {class: "muted next", id: "next"}, next ? `Next: ${next.what} · ${moment(next.at)}` : "No scheduled events."));
}

export async function advance(by) {
  await thenRefresh(() => command("advance_clock", by), () => `The clock is at ${moment(session.clock.now)}.`);
}

async function reset() {
  await thenRefresh(() => callInWorld("POST", "/reset"), "World reset to the end of its scenario; its journal and faults are cleared.");
}

async function fork() {
  const made = await call("POST", `${CONTROL}/worlds/${session.world}/fork`, await named());
  await app.goTo(made.name);
  announce(`Forked to the world ${made.name}. The original world is unchanged.`);
}

// The name for a new world: chosen by the server; in public mode that of the visitor's other world, which is deleted first.
async function named() {
  if (!session.ownWorlds) return {};
  const name = session.ownWorlds.find((each) => each !== session.world);
  await call("DELETE", `${CONTROL}/worlds/${name}`).catch((error) => { if (error.status !== 404) throw error; });
  return {name};
}

export async function begin(scenario, seed) {
  const body = {...await named(), scenario};
  if (seed !== undefined && seed !== "") body.seed = Number(seed);
  const made = await call("POST", `${CONTROL}/worlds`, body);
  await app.goTo(made.name);
}

async function pick() {
  const {scenarios} = await get("/scenarios");
  const seed = h("input", {type: "number", min: "0", step: "1", inputmode: "numeric", id: "seed", placeholder: "the scenario’s seed"});
  openDialog("Choose a scenario",
    h("p", {class: "muted"}, "Creates a new world from the scenario. The current world stays as it is."),
    field("Seed", seed, "Another seed generates other names and behaviour."),
    h("ul", {class: "choices"}, scenarios.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.title), h("p", {class: "muted"}, `${each.name} · begins ${moment(each.starts)} · seed ${each.seed}`)),
      h("p", {}, each.text),
      button("Start", onPress(async () => {
        await begin(each.name, seed.value);
        document.getElementById("dialog").close();
        announce(`Created a new world: ${each.title}.`);
      }), {class: "primary", "data-scenario": each.name, "aria-label": `Start a world from ${each.name}`})))));
}

async function worlds() {
  const found = await get("/worlds", {limit: 100});
  openDialog("Worlds on this server",
    h("p", {class: "muted"}, "Worlds are independent of each other. A world created here is deleted after an hour without use."),
    h("ul", {class: "choices"}, found.worlds.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.name), h("p", {class: "muted"}, `${each.scenario} · seed ${each.seed} · ${moment(each.now)} · ${plural(each.commands, "command")} done`)),
      h("p", {class: "row"},
        each.name === session.world ? h("span", {class: "tag"}, "current")
          : button("Open", onPress(async () => {
            await app.goTo(each.name);
            document.getElementById("dialog").close();
          }), {class: "small", "aria-label": `Open world ${each.name}`}),
        each.name === "default" || each.name === session.world ? null : button("Delete", onPress(async () => {
          await call("DELETE", `${CONTROL}/worlds/${each.name}`);
          await worlds();
        }), {class: "small", "aria-label": `Delete world ${each.name}`}))))),
    found.total > found.worlds.length ? h("p", {class: "muted"}, `and ${found.total - found.worlds.length} more`) : null);
}
