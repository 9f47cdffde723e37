// The dialogs that begin a world from a scenario, and list the worlds of this server.

import {app} from "./app.js";
import {call, CONTROL, get} from "./api.js";
import {button, field, fill, h} from "./dom.js";
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
    session.isPublic ? null : ownScenario(seed),
    h("ul", {class: "choices"}, scenarios.map((each) => h("li", {},
      h("div", {}, h("h3", {}, each.title), h("p", {class: "muted"}, `${each.name} · begins ${moment(each.starts)} · seed ${each.seed}`)),
      h("p", {}, each.text),
      button("Start", onPress(async () => {
        await begin(each.name, seed.value);
        closeDialog();
        announce(`Created a new world: ${each.title}.`);
      }), {class: "primary", "data-scenario": each.name, "aria-label": `Start a world from ${each.name}`})))));
}

// A scenario that is pasted, or read from a file. What is wrong with it is told below it, line by line.
function ownScenario(seed) {
  const text = h("textarea", {id: "own-scenario", class: "json", rows: "9", spellcheck: "false", maxlength: "1000000", placeholder: "title: …\ntext: …\nstarts: 2026-01-01T00:00:00Z\nseller: {name: …}"});
  const file = h("input", {type: "file", accept: ".yaml,.yml", id: "own-file", onchange: async () => { if (file.files[0]) text.value = await file.files[0].text(); }});
  const wrong = h("div", {role: "alert", id: "own-mistakes"});
  return h("details", {class: "own"}, h("summary", {}, "Your own scenario"),
    field("File", file), field("Text", text),
    wrong,
    button("Start", onPress(async () => {
      wrong.replaceChildren();
      try {
        const made = await begin(`${text.value}\n`, seed.value);
        closeDialog();
        announce(`Created a new world: ${made.title}.`);
      } catch (error) {
        if (!error.mistakes) throw error;
        fill(wrong, h("ul", {class: "mistakes"}, error.mistakes.map((each) => h("li", {}, h("strong", {}, `Line ${each.line}: `), each.message))));
      }
    }), {class: "primary", id: "own-start"}));
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
