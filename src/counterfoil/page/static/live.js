// Hears from the server that something changed, and has it shown; begins again when the connection ends.

import {events} from "./api.js";

let stop = null;

// A tab nobody sees gives its connection back: a browser opens six to one server at most.
export function pause() {
  stop?.abort();
}

export function follow({onChange, onGone}) {
  stop?.abort();
  const ending = stop = new AbortController();
  const listen = async () => {
    let pause = 500;
    while (!ending.signal.aborted) {
      try {
        await events((name, data) => {
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
