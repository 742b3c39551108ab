// The figures of a sweep behind tabs.

import { h, replace } from "./dom.js";
import { curves } from "./views/curves.js";
import { heatMap } from "./views/heat_map.js";
import { importance } from "./views/importance.js";
import { mistakes } from "./views/mistakes.js";
import { parallel } from "./views/parallel.js";
import { rungs } from "./views/rungs.js";
import { settings } from "./views/settings.js";
import { t } from "./words.js";

// Each has a label (English, German), tells whether a sweep has it, and mounts itself; what it returns has `end`.
const VIEWS = { curves, parallel, heat: heatMap, importance, rungs, settings, mistakes };

// `open` opens a trial; `shown` is called with the key of a figure that the reader has chosen.
export function figures(store, wanted, open, shown) {
  const number = figures.count = (figures.count ?? 0) + 1; // ids are unique where there are several
  const panel = `figure-${number}`;
  const figure = h("section", { class: "figure", role: "tabpanel", id: panel, tabindex: "-1" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": t("Figures", "Figuren") });
  const element = h("section", { class: "figures" }, tabs, figure);
  let view = null;

  const there = () => Object.keys(VIEWS).filter((key) => VIEWS[key].there(store));

  function show(key) {
    view?.end();
    replace(figure);
    view = { key, ...VIEWS[key].mount(figure, store, open) };
    figure.setAttribute("aria-labelledby", `tab-${number}-${key}`);
    drawTabs();
  }

  function choose(key) {
    shown(key);
    show(key);
  }

  function drawTabs() {
    const keys = there();
    const focused = tabs.querySelector(":focus") !== null;
    replace(tabs, keys.map((key) => h("button", {
      type: "button", role: "tab", id: `tab-${number}-${key}`, "aria-selected": String(view?.key === key), "aria-controls": panel,
      tabindex: view?.key === key ? "0" : "-1", onclick: () => choose(key), onkeydown: (event) => step(event, keys, key),
    }, t(...VIEWS[key].label))));
    if (focused) tabs.querySelector("[aria-selected=true]")?.focus();
  }

  function step(event, keys, key) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    choose(keys[(keys.indexOf(key) + by + keys.length) % keys.length]);
  }

  store.on((change) => change.full && drawTabs());
  const [first] = there();
  if (first) show(there().includes(wanted) ? wanted : first);
  else replace(figure, h("p", { class: "empty" }, t("No parameter varies and no metric is recorded: there is nothing to draw.", "Kein Parameter variiert, und keine Metrik ist aufgezeichnet: es gibt nichts zu zeichnen.")));
  return { element, end: () => view?.end() };
}
