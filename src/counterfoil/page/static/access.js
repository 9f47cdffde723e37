// What lets this tab in: a visit of its own in public mode, or the control token where the server wants one.

import {call} from "./api.js";
import {field, h} from "./dom.js";
import {closeDialog, onPress, openDialog} from "./messages.js";
import {enterWorld, session, store} from "./session.js";

export async function startVisit() {
  const met = await call("POST", "/visit", {});
  session.csrfToken = met.visit;
  session.ownWorlds = met.worlds;
  if (!met.worlds.includes(session.world)) enterWorld(met.worlds[0]);
}

// Resolves when start(), which is called with the token that was given, is done.
export function askForToken(start) {
  return new Promise((resolve) => {
    const input = h("input", {type: "password", autocomplete: "off", required: true, name: "token"});
    const form = h("form", {onsubmit: onPress(async () => {
      session.token = input.value.trim();
      store("counterfoil.token", session.token);
      closeDialog();
      await start();
      resolve();
    })}, h("p", {}, "This server asks for its control token: the one that it was started with, or printed when it started."),
    field("Control token", input), h("p", {}, h("button", {class: "primary"}, "Continue")));
    openDialog("Control token", form);
    input.focus();
  });
}
