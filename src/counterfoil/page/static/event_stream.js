// Follows the server's events for the current world, and reconnects when the connection ends.

import {streamEvents} from "./api.js";

let stop = null;

// For a hidden tab: a browser opens at most six connections to one server.
export function stopFollowing() {
  stop?.abort();
}

export function follow({onChange, onGone}) {
  stop?.abort();
  const ending = stop = new AbortController();
  const listen = async () => {
    let pause = 500;
    while (!ending.signal.aborted) {
      try {
        await streamEvents((name, data) => {
          document.body.dataset.live = "yes";
          pause = 500;
          if (ending.signal.aborted) return;
          if (name === "gone") onGone();
          else onChange(data);
        }, ending.signal);
      } catch (error) {
        if (ending.signal.aborted) return;
        if (error.status === 404 || error.status === 403) { onGone(); return; }
        document.body.dataset.live = "no";
      }
      await new Promise((resolve) => { setTimeout(resolve, pause); });
      pause = Math.min(pause * 2, 15000);
    }
  };
  listen();
}
