// Shares a world as a capsule, from which the same world is made again: a file, or a link where it is small enough.

import {app} from "./app.js";
import {call, CONTROL, getInWorld} from "./api.js";
import {button, h, show} from "./dom.js";
import {plural} from "./format.js";
import {announce, copy, onPress, openDialog} from "./messages.js";
import {newName, session} from "./session.js";

const MAX_LINK_LENGTH = 16_000;  // characters; browsers and chats take more, people do not
const MAX_CAPSULE_BYTES = 1_000_000;  // bytes that are unpacked; the server takes no larger request

export async function share() {
  const capsule = await getInWorld("/capsule");
  const text = JSON.stringify(capsule, null, 1);
  const packed = await pack(JSON.stringify(capsule));
  const link = `${location.origin}/#/open?capsule=${packed}`;
  const name = `${capsule.scenario}-${session.world}.capsule.json`;
  const blob = URL.createObjectURL(new Blob([text], {type: "application/json"}));
  openDialog("Share this world",
    h("p", {}, `A capsule has all that makes this world again, byte for byte: the scenario “${capsule.scenario}”, seed ${capsule.seed}, and ${plural(capsule.commands.length, "command")}.`),
    h("p", {class: "row"}, h("a", {class: "button primary", id: "share-file", href: blob, download: name}, "Download the capsule"),
      h("span", {class: "muted"}, `${Math.ceil(text.length / 1024)} KB. Open it with `, h("code", {}, `counterfoil serve --capsule ${name}`))),
    session.isPublic ? h("p", {class: "muted"}, "This server makes no worlds from capsules, so there is no link. Another server of counterfoil opens the file.")
      : link.length > MAX_LINK_LENGTH ? h("p", {class: "muted"}, "This world has too many commands for a link. Share the file.")
        : [h("p", {class: "row"}, button("Copy a link", onPress(async () => {
          await copy(link);
          announce("Copied a link that makes this world.");
        }), {id: "share-link", "data-link": link}), h("span", {class: "muted"}, "Opened on this server, it makes a new world like this one."))]);
}

// --- what a link opens ----------------------------------------------------------------------------

// A link changes nothing by itself: the world is made when the button is pressed.
export const opening = {
  title: "Open a shared world",
  async show(root, args, reason, loaded, params) {
    if (reason !== "new" && root.querySelector("#open-capsule")) return;
    let capsule;
    try {
      capsule = JSON.parse(await unpack(params.capsule ?? ""));
    } catch {
      show(root, h("h1", {}, "Open a shared world"), h("p", {class: "lead"}, "This link is damaged or incomplete. Ask for it again, or for the capsule as a file."));
      return;
    }
    const commands = Array.isArray(capsule.commands) ? capsule.commands.length : 0;
    show(root, h("h1", {}, "Open a shared world"),
      h("p", {class: "lead"}, `A shared world: the scenario “${capsule.scenario}”, seed ${capsule.seed}, with ${plural(commands, "command")}. Your current world stays as it is.`),
      h("p", {}, button("Make this world", onPress(async () => {
        const made = await call("POST", `${CONTROL}/worlds`, {name: newName("shared"), capsule});
        history.replaceState(null, "", `#/${session.home}`);
        await app.goTo(made.name);
        announce("This is the shared world.");
      }), {class: "primary", id: "open-capsule", "data-key": "open-capsule"})));
  },
};

// --- packing --------------------------------------------------------------------------------------

async function pack(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Throws for what was not packed here, or is larger than a capsule may be.
async function unpack(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const packed = new Blob([Uint8Array.from(binary, (each) => each.charCodeAt(0))]);
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return new Blob(parts).text();
    size += value.length;
    if (size > MAX_CAPSULE_BYTES) throw new Error("too large");
    parts.push(value);
  }
}
