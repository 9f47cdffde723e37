// What the views call in main.js. main.js sets these functions, so that modules do not import each other in a circle.

import {announce} from "./messages.js";

export const app = {
  refresh: async () => {},   // (reason) show the view again: "journal", "params", "version" or "new"
  goTo: async () => {},      // (world) show another world
};

// Something that the address names is not in this world; the view says so in place of itself.
export class NotFound extends Error {}

// Awaits work(), refreshes the page and announces `sentence`, which may be a function of the work's result.
export async function thenRefresh(work, sentence) {
  const result = await work();
  await app.refresh("version");
  if (sentence) announce(typeof sentence === "function" ? sentence(result) : sentence);
  return result;
}
