// Files chosen for a message that is still being written: each is uploaded at once, and shown with how far it is.
import * as api from "./api.js";
import { announce, toast } from "./announce.js";
import { h, icon, replace } from "./dom.js";
import { signOf, sizeOf } from "./files.js";
import { inWords } from "./surface.js";

const MOST = 10;
const MOST_BYTES = 1_000_000_000;
const shelf = new Map();   // what was chosen stays with its conversation, as a draft does

/** The files of one draft; `onChange` is told when some come, go, or are uploaded. */
export function attachmentsOf(key, user, onChange) {
  if (!shelf.has(key)) shelf.set(key, createAttachments(user));
  const known = shelf.get(key);
  known.tell = onChange;
  return known;
}

function createAttachments(user) {
  const list = h("ul", { class: "attachments", "aria-label": "Files to send", hidden: true });
  let chosen = [];

  const self = {
    node: list,
    tell: () => {},
    get any() { return chosen.length > 0; },
    get failed() { return chosen.some((one) => one.error); },

    add(files) {
      const coming = [...files];
      const room = MOST - chosen.length;
      if (coming.length > room) toast(`A message carries up to ${MOST} files: ${coming.length - Math.max(0, room)} left out.`);
      for (const file of coming.slice(0, Math.max(0, room))) start({ file, row: h("li", { class: "attachment" }) });
      changed();
    },

    /** The ids of the files, once all are uploaded; null where one could not be. */
    async uploaded() {
      await Promise.all(chosen.map((one) => one.running));
      return self.failed ? null : chosen.map((one) => one.id);
    },

    /** Hands the files over, so that nothing is sent twice; `back` puts them here again. */
    take() {
      const taken = chosen;
      chosen = [];
      changed();
      return { back: () => { chosen = [...taken, ...chosen]; changed(); } };
    },
  };

  const start = (one) => {
    Object.assign(one, { error: null, id: null, done: 0 });
    if (!chosen.includes(one)) chosen.push(one);
    one.running = one.file.size > MOST_BYTES
      ? Promise.resolve({ ok: false, error: "file_too_large" }).then((answer) => finish(one, answer))
      : api.upload({ user, file: one.file, onProgress: (done) => { one.done = done; showProgress(one); }, onBegun: (stop) => { one.stop = stop; } }).then((answer) => finish(one, answer));
    draw(one);
  };
  const finish = (one, answer) => {
    one.id = answer.ok ? answer.file_id : null;
    one.error = answer.ok ? null : answer.error;
    draw(one);
    if (one.id) announce([`${one.file.name} is uploaded`]);
    changed();
  };
  const leave = (one) => {
    one.stop?.();
    const index = chosen.indexOf(one);
    chosen = chosen.filter((other) => other !== one);
    if (one.id) api.changeFile({ user, file: one.id, deleted: true });
    changed();
    const next = chosen[Math.min(index, chosen.length - 1)];
    (next?.row.querySelector(".attachment-leave") ?? list.closest(".composer")?.querySelector(".composer-field"))?.focus();
  };
  const changed = () => {
    list.hidden = !chosen.length;
    for (const row of [...list.children]) if (!chosen.some((one) => one.row === row)) row.remove();
    for (const one of chosen) if (one.row.parentNode !== list) list.append(one.row);
    self.tell();
  };
  const showProgress = (one) => {
    const bar = one.row.querySelector(".attachment-bar");
    const percent = Math.floor(one.done * 100);
    bar?.style.setProperty("--done", `${percent}%`);
    bar?.setAttribute("aria-valuenow", String(percent));
  };
  const draw = (one) => {
    const { file, row, error, id } = one;
    row.className = error ? "attachment has-failed" : id ? "attachment is-there" : "attachment";
    const words = error ? (error === "file_too_large" ? inWords(error) : "Not uploaded") : id ? sizeOf(file.size) : `Uploading… ${sizeOf(file.size)}`;
    replace(row, signOf(file.name),
      h("span", { class: "file-text" }, h("strong", { dir: "auto" }, file.name || "file"), h("small", { role: error ? "alert" : null, title: error ? inWords(error) : null }, words)),
      error && error !== "file_too_large" && h("button", { type: "button", class: "attachment-again", onclick: () => start(one) }, "Try again"),
      h("button", { type: "button", class: "icon-button attachment-leave", "aria-label": `Remove ${file.name}`, title: "Remove", onclick: () => leave(one) }, icon("close")),
      !error && !id && h("span", { class: "attachment-bar", role: "progressbar", "aria-label": `Uploading ${file.name}`, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }));
  };
  return self;
}
