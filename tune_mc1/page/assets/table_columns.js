// Which columns the table of trials has, how wide they are, and how their cells are shown.

import { h, replace } from "./dom.js";
import { clock, duration, metric, value } from "./format.js";

const ALWAYS = ["trial", "state", "score"];
const LABELS = { epochs_run: "epochs", seconds: "time", config_hash: "setting", epochs: "planned" };
const TITLES = {
  score: "The sweep's metric at the trial's best epoch",
  epochs_run: "Epochs run so far", best_epoch: "Epoch of the score", fused: "Trials that are trained as one model",
  config_hash: "Equal for replicates and folds of one setting", attempts: "Starts",
};
const SAMPLE = 300;

// The columns as the reader has chosen them.
export function columnsShown(store, state) {
  const hidden = state.hidden ?? hiddenAtFirst(store);
  return store.columns
    .map((column, place) => ({ ...column, place }))
    .filter((column) => ALWAYS.includes(column.key) || !hidden.has(column.key))
    .map((column) => described(store, column));
}

// Few at first: parameters, time and epochs; what one trial has (a log, a node) is in its detail.
function hiddenAtFirst(store) {
  const shown = new Set([...ALWAYS, "epochs_run", "seconds"]);
  const tests = store.columns.filter((c) => c.group === "metric" && !c.key.startsWith("last_"));
  tests.slice(1, 2).forEach((column) => shown.add(column.key));
  for (const key of ["pinned", "note"]) {
    const place = store.index.get(key);
    if ([...store.rows.values()].some((row) => row[place])) shown.add(key);
  }
  return new Set(store.columns.filter((c) => c.group !== "parameter" && !shown.has(c.key)).map((c) => c.key));
}

function described(store, column) {
  const { key, place } = column;
  const cells = sample(store, place);
  const numeric = cells.length > 0 ? cells.every((cell) => typeof cell === "number") : key === "score";
  const show = shower(store, column);
  const label = key === "score" ? store.sweep.metric || "score" : LABELS[key] ?? column.label;
  const longest = Math.max(label.length + 2, ...cells.slice(0, SAMPLE).map((cell) => show(cell).length + (key === "state" ? 2 : 0)));
  const width = Math.min(Math.max(longest, 5), 26) + 2;
  const low = column.group === "metric" && column.maximize === false;
  const downFirst = numeric && !(low || (key === "score" && !store.sweep.maximize));
  return { ...column, label, numeric, show, width, downFirst, title: TITLES[key] ?? `Sort by ${label}` };
}

function sample(store, place) {
  const found = [];
  const step = Math.max(1, Math.floor(store.rows.size / SAMPLE));
  let number = 0;
  for (const row of store.rows.values()) {
    if (number++ % step === 0 && row[place] !== null) found.push(row[place]);
  }
  return found;
}

function shower(store, { key, group }) {
  if (key === "score" || group === "metric") return (cell) => metric(cell, store.ofProgram);
  if (key === "seconds") return (cell) => duration(cell || null);
  if (key === "started" || key === "ended") return clock;
  if (key === "epochs_run") {
    const planned = store.index.get("epochs");
    if (planned !== undefined) return (cell, cells) => (cells ? `${cell ?? 0}/${cells[planned]}` : `${cell}/${cell}`);
  }
  return value;
}

// A menu of the columns.
export function columnChooser(store, state, changed) {
  const list = h("div", { class: "menu" });
  const element = h("details", { class: "chooser" }, h("summary", {}, "Columns"), list);

  element.refresh = () => {
    const hidden = state.hidden ?? hiddenAtFirst(store);
    replace(list, store.columns.filter((column) => !ALWAYS.includes(column.key)).map((column) =>
      h("label", {}, h("input", {
        type: "checkbox", checked: !hidden.has(column.key),
        onchange: (event) => {
          state.hidden = new Set(state.hidden ?? hiddenAtFirst(store));
          state.hidden[event.target.checked ? "delete" : "add"](column.key);
          changed();
        },
      }), LABELS[column.key] ?? column.label)));
  };
  element.refresh();
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    element.open = false;
    element.firstChild.focus();
  });
  document.addEventListener("click", (event) => {
    if (!event.composedPath().includes(element)) element.open = false;
  });
  return element;
}
