// What the views call in main.js. main.js sets these functions, so that modules do not import each other in a circle.

import {announce} from "./dom.js";

export const app = {
  refresh: async () => {},   // (reason) load the data again and show it
  goTo: async () => {},      // (world) show another world
};

// Awaits work(), refreshes the page and announces `sentence`, which may be a function of the work's result.
export async function thenRefresh(work, sentence) {
  const result = await work();
  await app.refresh("version");
  if (sentence) announce(typeof sentence === "function" ? sentence(result) : sentence);
  return result;
}
