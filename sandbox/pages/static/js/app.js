// The page: who looks, where they are, what arrives, and which part is drawn again.
import * as api from "./api.js";
import { toast } from "./announce.js";
import { appHeader, closedReason, headerOf } from "./channel_header.js";
import { h, icon, replace } from "./dom.js";
import { remember as rememberFocus } from "./focus.js";
import { createHome } from "./home.js";
import { coalesce, listen } from "./live.js";
import { createModals } from "./modal.js";
import { createPane } from "./pane.js";
import { showPerson } from "./person.js";
import { showPins } from "./pins.js";
import { showSidebar, unreadTotal } from "./sidebar.js";
import { appConversation, channelOf, nameOf, readAddress, remember, state, takeBootstrap, writeAddress } from "./state.js";
import { inWords, SAID_IN_CHANNEL } from "./surface.js";
import { startTheme } from "./theme.js";
import { createThread } from "./thread.js";

const at = (id) => document.getElementById(id);
const stage = at("main");
const aside = at("thread");
const modals = createModals({ onChange: () => refreshView() });
let pane = null;
let paneShape = "";
let thread = null;
let stopListening = () => {};

// -- what is fetched again ----------------------------------------------------------------------------------------

const refreshView = coalesce(fetchView);
const refreshPane = coalesce(async () => pane?.refresh());
const refreshThread = coalesce(async () => thread?.refresh());
const refreshPeople = coalesce(async () => {
  const seen = () => JSON.stringify([state.edition, state.team, state.app, state.pageButtons]);
  const before = seen();
  takeBootstrap(await api.bootstrap());
  state.me = state.users.get(state.me?.id) ?? state.me;
  await fetchView();
  if (seen() === before) return;
  showFrame();
  refreshPane();
  refreshThread();
});

async function fetchView() {
  const { me } = state;
  const view = await api.view(me.id);
  if (state.me !== me && state.me?.id !== me.id) return;
  state.view = view;
  showView();
}

function showView() {
  if (pane && state.place?.kind === "channel" && !channelOf(state.place.id)) { go({ kind: "home" }, { push: false }); return; }
  showSidebar(at("sidebar"), go);
  modals.show(state.view.modals ?? []);
  if (pane && state.place && shapeOf(state.place) !== paneShape) { openPane(state.place); return; }
  if (pane?.id === "home") pane.refresh();
  showPins(stage.querySelector("[data-pins]"));
  const waiting = unreadTotal();
  const place = state.place?.kind === "home" ? "App Home" : nameOfPlace(channelOf(state.place?.id));
  document.title = `${waiting ? `(${waiting}) ` : ""}${place} · ${state.team.name}`;
}

const nameOfPlace = (channel) => (channel?.user ? nameOf(channel.user) : channel?.name ? `#${channel.name}` : "Workspace");

function onEvent(event) {
  const here = !event.channel || event.channel === state.place?.id;
  const inThread = thread && (!event.channel || event.channel === thread.channel);
  switch (event.type) {
    case "message":
    case "message_deleted":
    case "ephemeral":
      if (here) refreshPane();
      if (inThread) refreshThread();
      refreshView();
      break;
    case "users":
      refreshPeople();
      break;
    case "connection":
      showArrival(event.open > 0);
      break;
    case "resync":
      refreshPeople();
      refreshPane();
      refreshThread();
      break;
    case "channels":
      refreshView();
      if (event.channel) break;
      refreshPane();     // without a channel it says: this page missed something
      refreshThread();
      break;
    default:
      refreshView();
  }
}

function showArrival(connected) {
  const came = connected && !state.botConnected;
  state.botConnected = connected;
  showConnection();
  showView();
  if (came && pane?.id === "home") pane.open();
}

// -- where the person is ------------------------------------------------------------------------------------------

function go(place, { push = true, threadTs = null } = {}) {
  const moved = JSON.stringify(place) !== JSON.stringify(state.place) || !pane;
  state.place = place;
  if (moved) openPane(place);
  openThread(threadTs);
  writeAddress({ push });
  showView();
  document.body.classList.remove("sidebar-open");
}

function openPane(place) {
  pane?.stop();
  paneShape = shapeOf(place);
  pane = place.kind === "home"
    ? createHome({ header: appHeader("home", go) })
    : createPane({ id: place.id, header: headerOf(place.id, go, { onPin: (pin) => reveal(place.id, pin) }), closed: closedReason(channelOf(place.id)), onThread: (ts) => { openThread(ts); writeAddress({ push: true }); thread.composer.focus(); }, onRead: (id) => forgetUnread(id) });
  replace(stage, pane.node);
  pane.open().catch((problem) => { console.warn(problem); toast("These messages could not be fetched."); });
}

/** A pinned message: in its place among the others, or in its thread. */
async function reveal(channel, { id, thread: ts }) {
  if (await pane?.reveal(id)) return;
  if (state.place?.id === channel && ts) { openThread(ts); writeAddress({ push: true }); }
}

function openThread(ts) {
  if (thread?.ts === ts && thread?.channel === state.place?.id) return;
  thread?.stop();
  thread = null;
  state.thread = ts && state.place?.kind === "channel" ? ts : null;
  aside.hidden = !state.thread;
  document.body.classList.toggle("has-thread", Boolean(state.thread));
  if (!state.thread) { replace(aside); return; }
  const back = rememberFocus(stage);
  thread = createThread({ channel: state.place.id, ts: state.thread, onClose: () => { openThread(null); writeAddress({ push: true }); back(); } });
  replace(aside, thread.node);
  thread.refresh().catch((problem) => { console.warn(problem); toast("This thread could not be fetched."); });
}

/** What of a place its header and composer are drawn from. */
function shapeOf(place) {
  const channel = place.kind === "channel" ? channelOf(place.id) : null;
  return JSON.stringify([place, channel?.name, channel?.bot, channel?.is_archived, state.app]);
}

function forgetUnread(id) {
  const channel = channelOf(id);
  if (!channel?.unread && !channel?.mention) return;
  Object.assign(channel, { unread: 0, mention: false });
  showView();
}

// -- who the person is --------------------------------------------------------------------------------------------

async function become(user, { place = null, threadTs = null, push = true } = {}) {
  stopListening();
  pane?.stop();
  openThread(null);
  Object.assign(state, { me: user, place: null });
  pane = null;
  remember(user);
  showFrame();
  await fetchView();
  if (state.me?.id !== user.id) return;
  const known = place?.kind === "channel" && !channelOf(place.id) ? null : place;
  go(known ?? { kind: "home" }, { push, threadTs });
  stopListening = listen(user.id, { onEvent, onStatus: (status) => { state.live = status; showConnection(); } });
}

function showFrame() {
  showPerson(at("person"), (user) => become(user));
  replace(at("page-buttons"), state.pageButtons.map((button) => h("button", { type: "button", class: "page-button", data: { command: button.command }, onclick: (event) => runCommand(event.currentTarget, button.command) }, icon("bolt"), button.label)));
  showConnection();
}

function showConnection() {
  const words = state.live === "reconnecting" ? "Reconnecting…" : state.botConnected ? "" : `${state.app?.name ?? "The app"} is not connected`;
  if (at("connection").textContent !== words) replace(at("connection"), words && h("span", { class: "connection-note" }, icon("warning"), words));
}

async function runCommand(button, text) {
  button.setAttribute("aria-busy", "true");
  const channel = state.place?.kind === "channel" ? state.place.id : appConversation()?.id;
  const answer = await api.command({ user: state.me.id, channel, text });
  button.removeAttribute("aria-busy");
  if (!answer.ok && !SAID_IN_CHANNEL.includes(answer.error)) toast(`${button.textContent}: ${inWords(answer.error)}`);
  else if (state.place?.kind === "home" && channel) go({ kind: "channel", id: channel });
}

// -- the beginning ------------------------------------------------------------------------------------------------

async function start() {
  startTheme(at("theme"));
  at("sidebar-toggle").addEventListener("click", () => {
    const open = document.body.classList.toggle("sidebar-open");
    at("sidebar-toggle").setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-goto]");
    if (!target || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go({ kind: "channel", id: target.dataset.goto });
  });
  addEventListener("popstate", () => {
    const wanted = readAddress();
    if (wanted.me && wanted.me.id !== state.me?.id) become(wanted.me, { place: wanted.place, threadTs: wanted.thread, push: false });
    else go(wanted.place ?? { kind: "home" }, { push: false, threadTs: wanted.thread });
  });
  takeBootstrap(await api.bootstrap());
  const { me, place, thread: threadTs } = readAddress();
  if (!me) { replace(stage, h("div", { class: "empty" }, h("h3", {}, "Nobody is in this workspace yet"), h("p", {}, "As soon as somebody is added, reload this page."))); return; }
  await become(me, { place, threadTs, push: false });
}

start().catch((problem) => {
  console.error(problem);
  replace(stage, h("div", { class: "empty" }, icon("warning"), h("h3", {}, "The workspace cannot be reached"), h("p", {}, "Is its server running? This page looks again by itself.")));
  setTimeout(() => location.reload(), 3000);
});
