// What this tab knows: the workspace, who looks at it, and where they are. The address bar holds the last two.

export const state = {
  team: { name: "Workspace", domain: "" },
  app: null,
  users: new Map(),
  pageButtons: [],
  me: null,
  place: null,        // {kind: "channel", id} or {kind: "home"}
  thread: null,       // the ts of the thread's first message
  view: { channels: [], dms: [], home: { view: null, hash: null }, modals: [] },
  botConnected: true,
  edition: 0,         // grows when people change, because their names stand in what is already drawn
};

const LAST_PERSON = "person";

export function takeBootstrap(answer) {
  if (JSON.stringify(answer.users) !== JSON.stringify([...state.users.values()])) state.edition += 1;
  state.team = answer.team;
  state.app = answer.app;
  state.users = new Map(answer.users.map((user) => [user.id, user]));
  state.pageButtons = answer.page_buttons ?? [];
}

export function person(id) {
  const known = state.users.get(id);
  if (known) return known;
  if (state.app && (id === state.app.user_id || id === state.app.id)) {
    return { id, name: state.app.name, real_name: state.app.name, is_bot: true };
  }
  if (id === "USLACKBOT") return { id, name: "slackbot", real_name: "Slackbot", title: "" };
  return { id, name: id ?? "unknown", real_name: id ?? "Somebody", title: "" };
}

export const nameOf = (user) => user.real_name || user.name || user.id;

export function isBot(id) {
  return Boolean(state.app && (id === state.app.user_id || id === state.app.id)) || Boolean(state.users.get(id)?.is_bot);
}

export function channelOf(id) {
  return state.view.channels.find((channel) => channel.id === id) ?? state.view.dms.find((dm) => dm.id === id) ?? null;
}

/** The conversation with the app: where its cards arrive, and where its commands are typed from App Home. */
export function appConversation() {
  const own = state.view.dms.find((dm) => dm.user.id === state.app?.user_id);
  return own ?? state.view.dms.find((dm) => dm.user.is_bot) ?? null;
}

export function readAddress() {
  const query = new URLSearchParams(location.search);
  const wanted = query.get("user") ?? remembered();
  const featured = [...state.users.values()].filter((user) => !user.deleted && user.id !== state.app?.user_id && !user.is_bot);
  const me = state.users.get(wanted) ?? featured.find((user) => user.name === wanted) ?? featured.find((user) => user.featured) ?? featured[0] ?? null;
  const id = query.get("channel");
  return { me, place: id === "home" ? { kind: "home" } : id ? { kind: "channel", id } : null, thread: query.get("thread") };
}

export function addressOf({ me, place, thread }) {
  const query = new URLSearchParams({ user: me.id });
  if (place) query.set("channel", place.kind === "home" ? "home" : place.id);
  if (thread) query.set("thread", thread);
  return `?${query}`;
}

export function writeAddress({ push }) {
  const address = addressOf(state);
  if (address === location.search) return;
  history[push ? "pushState" : "replaceState"](null, "", address);
}

export function remember(user) {
  try { localStorage.setItem(LAST_PERSON, user.id); } catch { /* the address still says it */ }
}

function remembered() {
  try { return localStorage.getItem(LAST_PERSON); } catch { return null; }
}
