// A world for a test, from JavaScript (Node 18 or newer, nothing to install).
//   const world = await createWorld("http://127.0.0.1:8000", { scenario: "late-payer" });
//   ... world.url("flexprice"), world.command("advance_clock", { days: 30 }) ...
//   await world.delete();

export const KEY = "counterfoil-key";

/** Resolves when the server answers, rejects after `seconds`. */
export async function ready(origin, seconds = 10) {
  const until = Date.now() + seconds * 1000;
  while (Date.now() < until) {
    try {
      if ((await fetch(`${origin}/ready`)).ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${origin} was not ready within ${seconds} seconds`);
}

/** Makes a world of its own. `options`: scenario, seed, customers, switches. `token` is the control API's, if it wants one. */
export async function createWorld(origin, options, token) {
  const headers = { "content-type": "application/json", ...(token && { "x-counterfoil-token": token }) };
  const control = `${origin}/_sandbox/v1/worlds`;

  async function ask(method, path, body) {
    const answer = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  const world = await ask("POST", "", options);
  const path = `/${world.name}`;
  return {
    name: world.name,
    url: (api) => world.apis[api],
    command: (name, members) => ask("POST", `${path}/commands/${name}`, members),
    fail: (fault) => ask("POST", `${path}/faults`, fault),
    requests: async (api) => (await ask("GET", `${path}/journal?api=${api}`)).exchanges,
    delete: () => ask("DELETE", path),
  };
}
