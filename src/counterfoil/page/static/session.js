// The state of this tab: the chosen world, what was loaded of it, and the credentials.

const stored = (name) => { try { return sessionStorage.getItem(name); } catch { return null; } };
export const store = (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* storage is disabled */ } };

export const session = {
  world: stored("counterfoil.world") ?? "default",
  token: stored("counterfoil.token"),
  csrfToken: null,     // public mode: sent with each request, proves that it comes from this page
  ownWorlds: null,     // public mode: the names this visitor's worlds may have
  hasLedger: document.body.dataset.ledger === "true",  // whether an API shows the ledger's customers
  home: document.body.dataset.ledger === "true" ? "overview" : "collections",  // the view that is shown first
  isPublic: document.body.dataset.public === "true",
  info: null,          // GET /worlds/{world}
  clock: null,         // GET /worlds/{world}/clock
  timeline: null,      // GET /worlds/{world}/timeline, the part the overview shows
  next: null,          // the next event
  served: null,        // GET /apis
  customer: 1,         // chosen in the customers view, shown in the vendor views
  version: -1,
  journal: -1,
};

export function enterWorld(world) {
  session.world = world;
  session.customer = 1;
  session.version = session.journal = -1;
  store("counterfoil.world", world);
}

// A name for a new world that says what it is for.
export const newName = (purpose) => `${purpose}-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;

// The credential to show and use: one for every API and customer, if there is one.
export function credential() {
  const all = session.info.credentials;
  return (all.find((each) => each.may === null && each.customer === null) ?? all[0])?.key ?? "";
}
