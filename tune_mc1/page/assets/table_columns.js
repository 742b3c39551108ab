// Which columns the table of trials has, how wide they are, and how their cells are shown.

import { h, replace } from "./dom.js";
import { clock, duration, metric, value } from "./format.js";
import { t } from "./words.js";

const ALWAYS = ["trial", "state", "score"];
const LABELS = { epochs_run: ["epochs", "Epochen"], seconds: ["time", "Zeit"], config_hash: ["setting", "Einstellung"], epochs: ["planned", "geplant"] };
const TITLES = {
  score: ["The sweep's metric at the trial's best epoch", "Die Metrik des Sweeps in der besten Epoche des Trials"],
  epochs_run: ["Epochs run so far", "Bisherige Epochen"], best_epoch: ["Epoch of the score", "Epoche des Werts"],
  fused: ["Trials that are trained as one model", "Trials, die als ein Modell trainiert werden"],
  config_hash: ["Equal for replicates and folds of one setting", "Gleich für Replikate und Folds einer Einstellung"], attempts: ["Starts", "Starts"],
};
const LAST = [". Trials that diverged or failed rank last", ". Divergierte und gescheiterte Trials stehen zuletzt"];
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
  const label = key === "score" ? store.sweep.metric || t("score", "Wert") : labelOf(column);
  const longest = Math.max(label.length + 2, ...cells.slice(0, SAMPLE).map((cell) => show(cell).length + (key === "state" ? 2 : 0)));
  const width = Math.min(Math.max(longest, 5), 26) + 2;
  const low = column.group === "metric" && column.maximize === false;
  const downFirst = numeric && !(low || (key === "score" && !store.sweep.maximize));
  return { ...column, label, numeric, show, width, downFirst, title: titleOf(store, key, label) };
}

const labelOf = (column) => (LABELS[column.key] ? t(...LABELS[column.key]) : column.label);

function titleOf(store, key, label) {
  const title = TITLES[key] ?? [`Sort by ${label}`, `Nach ${label} sortieren`];
  return t(...title) + (key === "score" && store.sweep.rank === "ended" ? t(...LAST) : "");
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
  const element = h("details", { class: "chooser" }, h("summary", {}, t("Columns", "Spalten")), list);

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
      }), labelOf(column))));
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
