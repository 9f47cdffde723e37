// What views ask of the page without knowing it: `main.js` puts it here, so that modules do not import in circles.

import {say} from "./dom.js";

export const app = {
  refresh: async () => {},   // (reason) show again what changed
  goTo: async () => {},      // (world) go to another world
};

// Does the work, shows what came of it, and says so: a sentence, or a function of what the work gave.
export async function afterwards(work, sentence) {
  const done = await work();
  await app.refresh("version");
  if (sentence) say(typeof sentence === "function" ? sentence(done) : sentence);
  return done;
}
