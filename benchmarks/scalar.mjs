// @scalar/mock-server on Node. Usage: node scalar.mjs SPEC.json PORT PACKAGES_DIR
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [spec, port, packages] = process.argv.slice(2);
const from = (name, entry) => import(pathToFileURL(`${packages}/node_modules/${name}/${entry}`));
const { createMockServer } = await from("@scalar/mock-server", "dist/index.js");
const { serve } = createRequire(`${packages}/`)("@hono/node-server");
const app = await createMockServer({ document: JSON.parse(readFileSync(spec, "utf8")) });
serve({ fetch: app.fetch, port: Number(port), hostname: "127.0.0.1" });
