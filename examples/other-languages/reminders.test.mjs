// Run with Node's own test runner, against a running counterfoil:
//   ORIGIN=http://127.0.0.1:8000 node --test reminders.test.mjs

import assert from "node:assert/strict";
import { afterEach, before, beforeEach, test } from "node:test";
import { KEY, createWorld, ready } from "./counterfoil.mjs";

const origin = process.env.ORIGIN ?? "http://127.0.0.1:8000";
let world;

async function summary() {
  const answer = await fetch(`${world.url("flexprice")}/customers/cust_00000003/invoices/summary`, {
    headers: { "x-api-key": KEY },
  });
  return answer.ok ? (await answer.json()).summaries[0] : answer.status;
}

before(() => ready(origin));
beforeEach(async () => {
  world = await createWorld(origin, { scenario: "late-payer" });
});
afterEach(() => world.delete());

test("two bills are overdue", async () => {
  assert.equal((await summary()).overdue_invoice_count, 2);
});

test("paying one leaves one", async () => {
  await world.command("record_payment", { customer: 3, bill: 1 });
  assert.equal((await summary()).overdue_invoice_count, 1);
});

test("a fault strikes once, and the journal saw it", async () => {
  await world.fail({ api: "flexprice", kind: "status", status: 503, times: 1 });
  assert.equal(await summary(), 503);
  assert.equal((await summary()).overdue_invoice_count, 2);
  assert.deepEqual((await world.requests("flexprice")).map((request) => request.status), [503, 200]);
});
