// The dialogs that begin a world from a scenario, and list the worlds of this server.

import {app} from "./app.js";
import {call, CONTROL, get} from "./api.js";
import {button, field, h} from "./dom.js";
import {moment, plural} from "./format.js";
import {announce, closeDialog, onPress, openDialog} from "./messages.js";
import {session} from "./session.js";
import {begin} from "./world.js";

export async function pickScenario() {
  const {scenarios} = await get("/scenarios");
  const seed = h("input", {type: "number", min: "0", step: "1", inputmode: "numeric", id: "seed", placeholder: "the scenario’s seed"});
  openDialog("Choose a scenario",
    h("p", {class: "muted"}, session.isPublic ? "Creates a new world in place of your other one. The current world stays as it is." : "Creates a new world from the scenario. The current world stays as it is."),
    field("Seed", seed, "Another seed generates other names and behaviour."),
    h("ul", {class: "choices"}, scenarios.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.title), h("p", {class: "muted"}, `${each.name} · begins ${moment(each.starts)} · seed ${each.seed}`)),
      h("p", {}, each.text),
      button("Start", onPress(async () => {
        await begin(each.name, seed.value);
        closeDialog();
        announce(`Created a new world: ${each.title}.`);
      }), {class: "primary", "data-scenario": each.name, "aria-label": `Start a world from ${each.name}`})))));
}

export async function listWorlds() {
  const found = await get("/worlds", {limit: 100});
  openDialog("Worlds on this server",
    h("p", {class: "muted"}, "Worlds are independent of each other. A world created here is deleted after an hour without use."),
    h("ul", {class: "choices"}, found.worlds.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.title), h("p", {class: "muted"}, `world ${each.name} · ${each.scenario}, seed ${each.seed} · ${moment(each.now)} · ${plural(each.commands, "command")} done`)),
      h("p", {class: "row"},
        each.name === session.world ? h("span", {class: "tag good"}, "this one")
          : button("Open", onPress(async () => {
            closeDialog();
            await app.goTo(each.name);
          }), {class: "small", "aria-label": `Open world ${each.name}`}),
        each.name === "default" || each.name === session.world ? null : button("Delete", onPress(async () => {
          await call("DELETE", `${CONTROL}/worlds/${each.name}`);
          await listWorlds();
        }), {class: "small", "aria-label": `Delete world ${each.name}`}))))),
    found.total > found.worlds.length ? h("p", {class: "muted"}, `and ${found.total - found.worlds.length} more`) : null);
}
