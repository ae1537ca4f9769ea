// The server, as functions. Every answer is JSON; what fails comes back as {ok: false, error}.

export const bootstrap = () => get("/client/bootstrap");
export const view = (user) => get("/client/view", { user });
export const messages = (query) => get("/client/messages", query);

export const pins = (query) => get("/client/pins", query);

export const read = (body) => post("/client/read", body);
export const send = (body) => post("/client/message", body);
export const command = (body) => post("/client/command", body);
export const click = (body) => post("/client/click", body);
export const submit = (body) => post("/client/submit", body);
export const close = (body) => post("/client/close", body);
export const openHome = (body) => post("/client/home", body);
export const options = (body) => post("/client/options", body);

export const changeFile = (body) => post("/client/file_change", body);

/** Brings the bytes of a file; `onProgress` is told the share that is there (0 to 1), `onBegun` gets what stops it. */
export function upload({ user, file, onProgress, onBegun }) {
  return new Promise((resolve) => {
    // fetch() cannot say how far an upload is
    const request = new XMLHttpRequest();
    request.open("POST", `/client/upload?${new URLSearchParams({ user, name: file.name || "file" })}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.total ? event.loaded / event.total : 1));
    request.addEventListener("load", () => resolve({ ok: request.status === 200, error: `http_${request.status}`, ...request.response }));
    request.addEventListener("error", () => resolve({ ok: false, error: "unreachable" }));
    request.addEventListener("abort", () => resolve({ ok: false, error: "stopped" }));
    onBegun(() => request.abort());
    request.send(file);
  });
}

export const picture = (fileId) => `/client/file/${encodeURIComponent(fileId)}/image`;

export function liveAddress(user) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/client/live?user=${encodeURIComponent(user)}`;
}

async function get(path, query = {}) {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(kept).toString();
  const answer = await fetch(search ? `${path}?${search}` : path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

function post(path, body) {
  return answerOf(fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }));
}

async function answerOf(request) {
  try {
    const answer = await request;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return { ok: true, ...body };
    return { ok: false, error: body.error ?? `http_${answer.status}`, ...body };
  } catch { return { ok: false, error: "unreachable" }; }
}
