// The address of the page: #/view/argument?parameter=value names everything a view shows, so that any state can be linked.

import {session} from "./session.js";

const decoded = (text) => { try { return decodeURIComponent(text); } catch { return text; } };

// What the address says: the view's name, its arguments, its parameters, and the world.
export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...args] = path.split("/").map(decoded);
  const params = Object.fromEntries(new URLSearchParams(query));
  const {world = null} = params;
  delete params.world;
  return {name, args: args.filter((each) => each !== ""), params, world};
}

// The address of a view in the current world. Empty parameters are left out.
export function href(name, args = [], params = {}) {
  const kept = Object.entries(params).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  // a visitor's world is theirs alone, so that its name is of no use in a link
  if (session.world !== "default" && !session.isPublic) kept.push(["world", session.world]);
  const query = kept.length ? `?${new URLSearchParams(kept)}` : "";
  return `#/${[name, ...args].map((each) => encodeURIComponent(each)).join("/")}${query}`;
}

export const customerHref = (number) => href("customers", [number]);

// Changes parameters of the address without a new entry in the browser's history.
export function setParams(changes) {
  const {name, args, params} = current();
  history.replaceState(null, "", href(name, args, {...params, ...changes}));
}

// Writes the world into an address that does not name it.
export function nameWorld() {
  const {name, args, params} = current();
  const complete = href(name, args, params);
  if (name && location.hash !== complete) history.replaceState(null, "", complete);
}
