// The world in the page's head: which scenario, seed and time; reset, fork, another scenario; and its clock.

import {app, afterwards} from "./app.js";
import {call, command, CONTROL, get, inWorld} from "./api.js";
import {button, field, h, openDialog, pressing, say, show} from "./dom.js";
import {longDate, moment, plural, time} from "./format.js";
import {session} from "./session.js";

export function showWorld() {
  const {info} = session;
  show(document.getElementById("world"),
    h("p", {class: "world-name"},
      h("strong", {}, info.title),
      h("span", {class: "muted"}, `${info.scenario} · seed ${info.seed} · ${plural(info.customers, "customer")}`,
        info.name === "default" || session.isPublic ? null : ` · world ${info.name}`,
        info.commands ? ` · ${plural(info.commands, "command")} done` : " · as its story left it")),
    h("p", {class: "row"},
      button("Reset", pressing(reset), {"data-key": "reset", class: "small", title: "Back to where the scenario's story ended"}),
      button("Fork", pressing(fork), {"data-key": "fork", class: "small", title: "A second world, equal to this one as it is now"}),
      button("Scenario…", pressing(pick), {"data-key": "pick", class: "small"}),
      session.isPublic ? null : button("Worlds…", pressing(worlds), {"data-key": "worlds", class: "small"})));
}

export function showClock() {
  const {clock, next} = session;
  show(document.getElementById("clock"),
    h("p", {class: "now"}, h("span", {class: "muted"}, "It is "), h("time", {datetime: clock.now, id: "now"}, `${longDate(clock.now)}, ${time(clock.now)}`)),
    h("p", {class: "row"},
      button("+1 day", pressing(() => advance({days: 1})), {"data-key": "day", id: "clock-day", class: "small"}),
      button("+1 month", pressing(() => advance({months: 1})), {"data-key": "month", id: "clock-month", class: "small"}),
      button("To the next event", pressing(() => advance({to: next.at})),
        {"data-key": "next", id: "clock-next", class: "small", disabled: !next})),
    h("p", {class: "muted next", id: "next"}, next ? `Next: ${next.what} · ${moment(next.at)}` : "Nothing is certain to come."));
}

export async function advance(by) {
  await afterwards(() => command("advance_clock", by), () => `The clock now says ${moment(session.clock.now)}.`);
}

async function reset() {
  await afterwards(() => inWorld("POST", "/reset"), "The world is back where its story ended; its journal and faults are cleared.");
}

async function fork() {
  const made = await call("POST", `${CONTROL}/worlds/${session.world}/fork`, await named());
  await app.goTo(made.name);
  say(`This is a world of its own now, ${made.name}; the one it came from is as it was.`);
}

// A name for a new world: the server's choice, or, for a visitor, that of the world they are not in, which makes room.
async function named() {
  if (!session.mine) return {};
  const name = session.mine.find((each) => each !== session.world);
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
  const seed = h("input", {type: "number", min: "0", step: "1", inputmode: "numeric", id: "seed", placeholder: "the scenario’s own"});
  openDialog("Choose a scenario",
    h("p", {class: "muted"}, "A new world is made from the story; the one you are in stays as it is."),
    field("Seed", seed, "Another seed paints other names and habits."),
    h("ul", {class: "stories"}, scenarios.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.title), h("p", {class: "muted"}, `${each.name} · begins ${moment(each.starts)} · seed ${each.seed}`)),
      h("p", {}, each.text),
      button("Start this world", pressing(async () => {
        await begin(each.name, seed.value);
        document.getElementById("dialog").close();
        say(`${each.title}: a new world.`);
      }), {class: "primary", "data-scenario": each.name, "aria-label": `Start a world from ${each.name}`})))));
}

async function worlds() {
  const found = await get("/worlds", {limit: 100});
  openDialog("Worlds on this server",
    h("p", {class: "muted"}, "Worlds share nothing. One that is made here is forgotten when nobody has used it for an hour."),
    h("ul", {class: "stories"}, found.worlds.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.name), h("p", {class: "muted"}, `${each.scenario} · seed ${each.seed} · ${moment(each.now)} · ${plural(each.commands, "command")} done`)),
      h("p", {class: "row"},
        each.name === session.world ? h("span", {class: "tag"}, "you are here")
          : button("Go there", pressing(async () => {
            await app.goTo(each.name);
            document.getElementById("dialog").close();
          }), {class: "small", "aria-label": `Go to world ${each.name}`}),
        each.name === "default" || each.name === session.world ? null : button("Delete", pressing(async () => {
          await call("DELETE", `${CONTROL}/worlds/${each.name}`);
          await worlds();
        }), {class: "small", "aria-label": `Delete world ${each.name}`}))))),
    found.total > found.worlds.length ? h("p", {class: "muted"}, `and ${found.total - found.worlds.length} more`) : null);
}
