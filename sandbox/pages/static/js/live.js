// One WebSocket that says what changed. It comes back by itself, a little later after each failure.
import { liveAddress } from "./api.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8000;

/** `onEvent` gets each event, and {type: "resync"} at each beginning: what happened just before it is not told; `onStatus` gets "live" or "reconnecting". */
export function listen(user, { onEvent, onStatus }) {
  let socket = null;
  let wait = FIRST_WAIT;
  let stopped = false;
  let timer = 0;

  const connect = () => {
    socket = new WebSocket(liveAddress(user));
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      onStatus("live");
      onEvent({ type: "resync" });
    });
    socket.addEventListener("message", ({ data }) => {
      try { onEvent(JSON.parse(data)); } catch (problem) { console.warn("unreadable event", problem); }
    });
    socket.addEventListener("close", () => {
      if (stopped) return;
      onStatus("reconnecting");
      timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };

  connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    socket?.close();
  };
}

/** Runs `work` soon and never twice at once; calls that come meanwhile are answered by one more run. */
export function coalesce(work, pause = 60) {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) { again = true; return; }
    running = true;
    await new Promise((done) => setTimeout(done, pause));
    do {
      again = false;
      try { await work(); } catch (problem) { console.warn("refresh failed", problem); }
      if (again) await new Promise((done) => setTimeout(done, pause));
    } while (again);
    running = false;
  };
  return run;
}
