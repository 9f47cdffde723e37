// openapi-backend with a plain Node server: routes, validates request and response, answers with the document's example.
// Usage: node openapi_backend.mjs SPEC.json PORT PACKAGES_DIR
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [spec, port, packages] = process.argv.slice(2);
const { default: OpenAPIBackend } = createRequire(`${packages}/`)("openapi-backend");
const definition = JSON.parse(readFileSync(spec, "utf8"));
// it takes the slash off a request's path before it looks for it, so the document's must have none
definition.paths = Object.fromEntries(Object.entries(definition.paths).map(([path, item]) => [path.replace(/\/$/, ""), item]));
const api = new OpenAPIBackend({ definition, quick: true });
for (const name of Object.keys(api.inputDocument.components?.securitySchemes ?? {}))
  api.registerSecurityHandler(name, (c) => (c.request.headers.authorization ?? c.request.headers["x-api-key"] ?? "").endsWith("counterfoil-key"));
api.register("unauthorizedHandler", (_c, _req, res) => answer(res, 401, { error: "unauthorized" }));
api.register("notFound", (_c, _req, res) => answer(res, 404, { error: "not found" }));
api.register("validationFail", (c, _req, res) => answer(res, 400, { errors: c.validation.errors }));
api.register("notImplemented", (c, _req, res) => {
  const { status, mock } = c.api.mockResponseForOperation(c.operation.operationId);
  const { errors } = c.api.validateResponse(mock, c.operation, status);
  return errors ? answer(res, 500, { errors }) : answer(res, status, mock);
});
await api.init();

function answer(res, status, body) {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(body));
}

createServer((req, res) => {
  const parts = [];
  req.on("data", (part) => parts.push(part));
  req.on("end", () => {
    const [path, query] = req.url.split("?");
    const text = Buffer.concat(parts).toString();
    const body = text ? JSON.parse(text) : undefined;
    api.handleRequest({ method: req.method, path, query, body, headers: req.headers }, req, res)
      .catch((error) => answer(res, 500, { error: String(error) }));
  });
}).listen(Number(port), "127.0.0.1");
