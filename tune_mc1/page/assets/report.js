// Makes the figures of a report interactive, from data that the report holds.

import { drawOn, h } from "./dom.js";
import { figures } from "./figures.js";
import { Store } from "./store.js";
import { trialTable } from "./table.js";
import { speak } from "./words.js";

class ReportStore extends Store {
  constructor(data) {
    super(data.changes.sweep.directory);
    this.data = data;
    this.readOnly = true;
    this.live = false;
    this.status = data.changes.status;
    this.apply(data.changes);
  }

  async ask(path) {
    return this.data[path.split("?")[0]];
  }

  async readCurves(metric) {
    if (!this.curves.has(metric)) this.curves.set(metric, new Map(Object.entries(this.data.curves[metric] ?? {})));
    return this.curves.get(metric);
  }
}

// Before each place of data the explorer of one sweep, in a shadow tree: the report keeps its style.
function explore(place, style) {
  const host = h("div", { class: "explorer" });
  place.before(host);
  const root = host.attachShadow({ mode: "open" });
  const store = new ReportStore(JSON.parse(place.textContent));
  drawOn(host);
  const open = (trial) => trial && store.choose(trial, !store.chosen.has(trial));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  root.adoptedStyleSheets = [sheet];
  root.append(figures(store, "parallel", open, () => {}).element, trialTable(store, open));
}

const style = document.getElementById("explorer-style");
if (style) speak(document.documentElement.lang);
if (style) document.querySelectorAll("script.explorer-data").forEach((place) => explore(place, style.textContent));
