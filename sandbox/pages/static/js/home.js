// App Home: the view that the app publishes for this person.
import * as api from "./api.js";
import { drawBlocks } from "./blocks/index.js";
import { h, icon } from "./dom.js";
import { keepFocus } from "./focus.js";
import { nameOf, state } from "./state.js";
import { createSurface } from "./surface.js";

export function createHome({ header }) {
  const surface = createSurface({ home: true }, { neverFolds: true });
  const content = h("div", { class: "home-content" });
  const scroller = h("div", { class: "feed home", tabindex: "0", role: "region", "aria-label": "App Home" }, content);
  const node = h("section", { class: "pane", data: { pane: "home" } }, header, scroller);
  let signature = null;

  const show = () => {
    const { view, hash } = state.view.home ?? {};
    const next = JSON.stringify([view, hash, state.botConnected, state.edition]);
    if (next === signature) return;
    signature = next;
    const { scrollTop } = scroller;
    surface.known = view?.state?.values ?? {};
    keepFocus(content, () => content.replaceChildren(...(view?.blocks?.length ? drawBlocks(view.blocks, surface) : [empty()])));
    scroller.scrollTop = scrollTop;
  };
  const open = async () => {
    show();
    await api.openHome({ user: state.me.id });
  };
  return { id: "home", node, open, refresh: async () => show(), stop: () => {} };
}

function empty() {
  const name = state.app ? nameOf({ real_name: state.app.name, id: "app" }) : "The app";
  return h("div", { class: "empty" }, h("span", { class: "avatar avatar-app avatar-large" }, icon("app")),
    h("h3", {}, state.botConnected ? `${name} has not put anything here yet` : `${name} is not connected`),
    h("p", {}, state.botConnected
      ? "As soon as it publishes a Home for you, it appears here by itself."
      : "This workspace is running, but the app is not. Start it, and its Home appears here by itself."));
}
