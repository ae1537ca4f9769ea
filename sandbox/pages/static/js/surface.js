// A surface is one message, one modal or one Home: where elements live, act, and remember what was entered.
import * as api from "./api.js";
import { confirmed } from "./confirm.js";
import { h, icon } from "./dom.js";
import { state } from "./state.js";

const MESSAGES = {
  unreachable: "The workspace cannot be reached",
  timeout: "The app did not answer in time",
  no_connection: "The app is not connected",
  no_such_element: "This has changed in the meantime",
  message_not_found: "This message is gone",
  view_not_found: "This is closed already",
  invalid_response: "The app gave an answer that Slack refuses",
  unknown_command: "There is no such command here",
  user_disabled: "This account is deactivated",
  no_interactivity: "This app is not configured to handle interactive responses",
  file_too_large: "Files may have up to 1 GB",
  file_not_found: "This file is gone",
  is_archived: "This channel is archived",
  messages_tab_disabled: "Sending messages to this app has been turned off",
};

/** Failures of a command that the workspace itself reports, as a message that only the person sees. */
export const SAID_IN_CHANNEL = ["timeout", "no_connection", "invalid_response"];

export const inWords = (error) => MESSAGES[error] ?? (error ? `This did not work (${error})` : "This did not work");

/** `target` is {channel, ts}, {home: true} or {view_id}: what the server calls the surface. */
export function createSurface(target, { neverFolds = false } = {}) {
  let entries = new Map();
  let former = new Map();
  const surface = {
    target,
    neverFolds,
    unfolded: new Set(),
    errors: new Map(),
    known: {},        // what the workspace remembers of earlier choices: {block_id: {action_id: {type, …}}}

    begin() { former = entries; entries = new Map(); },
    end() { former = new Map(); },

    /** Registers an element with its first value, and answers what it holds: what was entered before, if anything. */
    hold(block, element, type, initial) {
      const key = keyOf(block, element);
      const before = former.get(key) ?? entries.get(key);
      const entered = before?.touched && before.type === type;
      const value = (entered ? null : surface.remembered(block, element, type)) ?? initial;   // what was entered is newer than what is remembered
      const fresh = { block: block.block_id, action: element.action_id, type, value, touched: false };
      const kept = entered && isOffered(element, before.value) ? before : fresh;
      entries.set(key, kept);
      return kept.value;
    },

    remembered(block, element, type) {
      const { type: kept, ...value } = surface.known[block.block_id]?.[element.action_id] ?? {};
      return kept === type ? value : null;
    },

    enter(block, element, value) {
      const entry = entries.get(keyOf(block, element));
      if (entry) Object.assign(entry, { value, touched: true });
    },

    valueOf(block, element) {
      return entries.get(keyOf(block, element))?.value ?? {};
    },

    /** {block_id: {action_id: {type, …}}}: the form in which Slack sends the values of a surface. */
    values() {
      const all = {};
      for (const { block, action, type, value } of entries.values()) (all[block] ??= {})[action] = { type, ...value };
      return all;
    },

    /** Sends a click or a choice; the control is busy until the app has answered. */
    async act({ block, element, control, payload = {} }) {
      if (element.confirm && !(await confirmed(element.confirm, { dangerous: element.style === "danger" }))) return false;
      clearProblem(control);
      control.setAttribute("aria-busy", "true");
      const answer = await api.click({ user: state.me.id, ...target, block_id: block.block_id, action_id: element.action_id, ...payload, state: surface.values() });
      control.removeAttribute("aria-busy");
      if (!answer.ok) showProblem(control, inWords(answer.error));
      return answer.ok;
    },

    options(block, element, value) {
      return api.options({ user: state.me.id, ...target, block_id: block.block_id, action_id: element.action_id, value });
    },
  };
  return surface;
}

/** Whether what was chosen is still among the options: a view may have been changed meanwhile. */
function isOffered(element, { selected_option: one, selected_options: several }) {
  const offered = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap(({ options }) => options)].map(({ value }) => value);
  return !offered.length || [one, ...(several ?? [])].filter(Boolean).every(({ value }) => offered.includes(value));
}

const keyOf = (block, element) => JSON.stringify([block.block_id, element.action_id]);

function showProblem(control, words) {
  if (!control.isConnected) return;
  control.after(h("span", { class: "problem", role: "alert" }, icon("warning"), words));
}

function clearProblem(control) {
  if (control.nextElementSibling?.classList.contains("problem")) control.nextElementSibling.remove();
}
