// What this visit is about: which world, what is known of it now, and who is asking.

const stored = (name) => { try { return sessionStorage.getItem(name); } catch { return null; } };
export const keep = (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* private mode: not kept */ } };

export const session = {
  world: stored("counterfoil.world") ?? "default",
  token: stored("counterfoil.token"),
  visit: null,         // public mode: the word that proves a request comes from this page
  mine: null,          // public mode: the names worlds of this visitor may have
  isPublic: document.body.dataset.public === "true",
  info: null,          // GET /worlds/{world}
  clock: null,         // GET /worlds/{world}/clock
  timeline: null,      // GET /worlds/{world}/timeline: as much as the overview shows
  next: null,          // what comes next
  served: null,        // GET /apis
  customer: 1,         // chosen in the customers' view and shown in the five windows
  version: -1,
  journal: -1,
};

export function enter(world) {
  session.world = world;
  session.customer = 1;
  session.version = session.journal = -1;
  keep("counterfoil.world", world);
}

// The credential to show and to use: one that may use every API and see every customer, if there is one.
export function credential() {
  const all = session.info.credentials;
  return (all.find((each) => each.may === null && each.customer === null) ?? all[0])?.key ?? "";
}
