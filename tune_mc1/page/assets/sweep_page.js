// One sweep: how far it is, its figures, its trials, one trial in detail.

import { controls } from "./controls.js";
import { h, replace } from "./dom.js";
import { figures } from "./figures.js";
import { header } from "./header.js";
import { poll } from "./poll.js";
import { go, route } from "./route.js";
import { Store } from "./store.js";
import { trialTable } from "./table.js";
import { trialPanel } from "./trial_panel.js";

export function sweepPage(name, place) {
  const store = new Store(name);
  store.readOnly = place.read_only;
  const main = h("main", {}, h("p", { class: "empty" }, `Reading ${name} …`));
  const layout = h("div", { class: "layout" }, main);
  const element = h("div", { class: "page" }, layout);
  let drawn = null;
  let panel = null;

  function open(trial) {
    go({ trial });
    panel?.end();
    panel = trial === null ? null : trialPanel(store, trial, open, news.now);
    replace(layout, main, panel?.element);
    layout.classList.toggle("with-panel", panel !== null);
    panel?.focus();
    store.opened = trial;
    store.tell({ opened: true });
  }
  store.open = open;

  function begin() {
    const { view, trial, filter } = route();
    drawn = {}; // what follows tells of changes
    store.setFilter(filter ?? "");
    drawn = figures(store, view, open, (key) => go({ view: key }));
    replace(main, header(store, place, controls(store, news)), drawn.element, trialTable(store, open));
    if (trial) open(trial);
  }

  store.on((change) => {
    if (!store.sweep) return;
    if (drawn === null) begin();
    if (change.filter) go({ filter: store.filter });
  });
  const news = poll(async () => {
    await store.refresh();
    return store.status === "running" ? 1 : 5;
  });
  return {
    element,
    end() {
      news.end();
      drawn?.end?.();
      panel?.end();
    },
  };
}
