// Calls of the control API and of the vendors' APIs, by fetch. The page has no other source of data.

import {session} from "./session.js";

export const CONTROL = "/_sandbox/v1";

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `the server answered ${status}`);
    this.status = status;
    this.field = problem?.field;
    this.mistakes = problem?.mistakes;
  }
}

function headers(more = {}) {
  const all = {Accept: "application/json", ...more};
  if (session.token) all["X-Counterfoil-Token"] = session.token;
  if (session.csrfToken) all["X-Counterfoil-Visit"] = session.csrfToken;
  return all;
}

// Calls a path of this server. Returns the parsed JSON, or null if there is no body. Throws ApiError.
export async function call(method, path, body) {
  const sent = body === undefined ? {} : {body: JSON.stringify(body)};
  const response = await fetch(path, {
    method, ...sent, headers: headers(body === undefined ? {} : {"Content-Type": "application/json"}),
    cache: "no-store", credentials: "same-origin",
  });
  if (response.status === 204) return null;
  if (response.status === 202) return responseOf(response.headers.get("Location"));
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

// What a request that takes long is answered in the end: it goes on as a task.
async function responseOf(location) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const task = await call("GET", location);
    if (task.state === "running") continue;
    if (task.status >= 400) throw new ApiError(task.status, task.answer);
    return task.answer;
  }
}

const query = (values) => {
  const sent = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return sent.length ? `?${new URLSearchParams(sent)}` : "";
};

export const get = (path, values = {}) => call("GET", CONTROL + path + query(values));
export const getInWorld = (path = "", values = {}) => get(`/worlds/${session.world}${path}`, values);
export const callInWorld = (method, path, body) => call(method, `${CONTROL}/worlds/${session.world}${path}`, body);
const resource = (path, of, more = {}) => `${CONTROL}/worlds/${session.world}/${path}${query({...of, ...more})}`;
export const getResources = (of, more) => call("GET", resource("resources", of, more));
export const getResource = (of, id) => call("GET", resource("resource", of, {id}));
export const createResource = (of, value) => call("POST", resource("resources", of), {value});
export const replaceResource = (of, id, value) => call("PUT", resource("resource", of, {id}), {value});
export const deleteResource = (of, id) => call("DELETE", resource("resource", of, {id}));
export const command = (name, members = {}) => callInWorld("POST", `/commands/${name}`, members);

// Calls onEvent(name, data) for each event of this world. Returns when the stream ends.
export async function streamEvents(onEvent, signal) {
  const response = await fetch(`/events/${session.world}`, {headers: headers({Accept: "text/event-stream"}), signal, cache: "no-store"});
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      if (lines.event) onEvent(lines.event, JSON.parse(lines.data));
    }
  }
}

// A plot, as an SVG document.
export function fetchPlot(name, currency) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", `/plots/${session.world}/${name}.svg${query({currency})}`);
    request.responseType = "document";
    for (const [header, value] of Object.entries(headers({Accept: "image/svg+xml"}))) request.setRequestHeader(header, value);
    request.onload = () => request.status === 200 ? resolve(request.responseXML) : reject(new ApiError(request.status, null));
    request.onerror = () => reject(new Error("the server cannot be reached"));
    request.send();
  });
}

// Calls a vendor's API as its clients do. Returns status and body, whatever they are; status 0 if the connection failed.
export async function callVendor(path, key, header) {
  const credential = header === "Authorization" ? {Authorization: `Bearer ${key}`} : {[header]: key};
  try {
    const response = await fetch(path, {headers: {...credential, Accept: "application/json", "X-Counterfoil-Page": "yes"}, cache: "no-store", credentials: "omit"});
    const text = await response.text();
    let body;
    try { body = JSON.parse(text); } catch { body = text; }
    return {status: response.status, body};
  } catch {
    return {status: 0, body: "the connection failed"};
  }
}
