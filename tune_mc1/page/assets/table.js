// The trials as a table: sorted, filtered, and only the rows in sight are in the document.

import { columnsShown, columnChooser } from "./table_columns.js";
import { h, onFrame, replace } from "./dom.js";
import { count } from "./format.js";
import { grouped, t } from "./words.js";

const ROW = 28; // height of a row in pixels, as in base.css
const FRESH = 5000; // milliseconds for which widths of columns stay
const MORE = 8; // rows above and below those in sight

export function trialTable(store, open) {
  const state = { sort: "score", down: store.sweep.maximize, order: [], hidden: null };
  const head = h("thead");
  const body = h("tbody");
  const group = h("colgroup");
  const table = h("table", { class: "trials", "aria-label": t("Trials", "Trials") }, group, head, body);
  const frame = h("div", { class: "scroll", tabindex: "-1" }, table);
  const said = h("p", { class: "said", role: "status" });
  const box = h("input", {
    type: "search", class: "filter", "aria-label": t("Filter trials", "Trials filtern"), spellcheck: "false", autocomplete: "off",
    placeholder: "Filter: model=CNN2  learning_rate=0.01..0.1  val_acc>0.5", value: store.filter,
    oninput: (event) => store.setFilter(event.target.value),
  });
  const chooser = columnChooser(store, state, () => drawAll());
  const element = h("section", { class: "trials-part", id: "trials", "aria-label": "Trials" },
    h("div", { class: "toolbar" }, h("h2", {}, "Trials"), box, said, chooser), frame);

  let shown = [];
  let known = { key: [], at: 0 };

  function order() {
    const place = store.index.get(state.sort) ?? 0;
    const sign = state.down ? -1 : 1;
    const rows = store.rows;
    const last = state.sort === "score" ? (row) => row[place] !== null && store.isBroken(row) : () => false;
    const keyed = store.visible.map((trial) => {
      const row = rows.get(trial);
      return { trial, value: row[place], last: last(row) };
    });
    keyed.sort((a, b) => compare(a, b, sign));
    state.order = keyed.map((one) => one.trial);
    const problem = store.passes.problems[0];
    said.textContent = problem ?? told(keyed.filter((one) => one.last).length);
    said.classList.toggle("error", Boolean(problem));
  }

  // How many trials there are, and how many of them rank last whatever their score.
  function told(broken) {
    const [seen, total] = [store.visible.length, store.rows.size];
    const number = seen === total ? count(total, "trial") : t(`${grouped(seen)} of ${count(total, "trial")}`, `${grouped(seen)} von ${count(total, "trial")}`);
    if (!broken) return number;
    return t(`${number}, ${grouped(broken)} of which diverged or failed and rank${broken === 1 ? "s" : ""} last`,
      `${number}, davon ${grouped(broken)} divergiert oder gescheitert und darum zuletzt`);
  }

  function sortBy(key) {
    const column = shown.find((one) => one.key === key);
    state.down = state.sort === key ? !state.down : column.downFirst;
    state.sort = key;
    drawAll();
    head.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  function drawHead() {
    const key = [store.columns, state.hidden, store.rows.size];
    // what the columns hold changes rarely, and to look through all rows takes time
    if (key.some((part, i) => part !== known.key[i]) || performance.now() - known.at > FRESH) {
      shown = columnsShown(store, state);
      known = { key, at: performance.now() };
    }
    replace(group, h("col", { class: "mark" }), shown.map((column) => h("col", { style: { width: `${column.width}ch` } })), h("col"));
    const cells = shown.map((column) =>
      h("th", {
        scope: "col", class: column.numeric ? "num" : null,
        "aria-sort": state.sort === column.key ? (state.down ? "descending" : "ascending") : null,
      }, h("button", { type: "button", "data-key": column.key, title: column.title, onclick: () => sortBy(column.key) }, column.label)));
    replace(head, h("tr", {}, h("th", { class: "mark", scope: "col" }, h("span", { class: "hidden" }, t("draw in colour", "in Farbe zeichnen"))), cells, h("th", { class: "rest", "aria-hidden": "true" })));
  }

  function drawRows() {
    const from = Math.max(0, Math.floor(frame.scrollTop / ROW) - MORE);
    const to = Math.min(state.order.length, Math.ceil((frame.scrollTop + frame.clientHeight) / ROW) + MORE);
    const focused = body.querySelector("[data-trial]:focus")?.dataset.trial;
    const rows = [];
    if (from > 0) rows.push(space(from));
    for (let i = from; i < to; i++) rows.push(row(state.order[i]));
    if (to < state.order.length) rows.push(space(state.order.length - to));
    if (state.order.length === 0) {
      const why = store.rows.size ? t("No trial passes this filter.", "Kein Trial besteht diesen Filter.") : t("No trials yet: they appear once the search has planned them.", "Noch keine Trials.");
      rows.push(h("tr", {}, h("td", { class: "empty", colspan: String(shown.length + 2) }, why)));
    }
    replace(body, rows);
    if (focused) body.querySelector(`[data-trial="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  const space = (number) => h("tr", { class: "space", "aria-hidden": "true" }, h("td", { style: { height: `${number * ROW}px` } }));

  function row(trial) {
    const cells = store.rows.get(trial);
    const mark = h("input", {
      type: "checkbox", "aria-label": t(`Draw ${trial} in colour`, `${trial} in Farbe zeichnen`), checked: store.chosen.has(trial),
      onclick: (event) => event.stopPropagation(), onchange: (event) => store.choose(trial, event.target.checked),
    });
    return h("tr", { class: store.opened === trial ? "open" : null, onclick: () => open(trial) },
      h("td", { class: "mark", onclick: (event) => event.stopPropagation() }, mark),
      shown.map((column) => cell(column, cells[column.place], trial, cells)), h("td", { class: "rest" }));
  }

  function cell(column, content, trial, cells) {
    if (column.key === "trial") {
      const link = h("button", { type: "button", class: "link", "data-trial": trial, onkeydown: (event) => move(event, trial) }, trial);
      return h("td", {}, link);
    }
    const text = column.show(content, cells);
    if (column.key === "state") return h("td", {}, h("i", { class: `dot ${content}`, "aria-hidden": "true" }), text);
    return h("td", { class: column.numeric ? "num" : null, title: column.numeric ? null : text }, text);
  }

  // The arrow keys go from trial to trial.
  function move(event, trial) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const place = state.order.indexOf(trial) + by;
    const next = state.order[place];
    if (!next) return;
    const top = place * ROW;
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + 2 * ROW > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + 2 * ROW - frame.clientHeight;
    drawRows();
    body.querySelector(`[data-trial="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
    if (store.opened) open(next);
  }

  function drawAll() {
    order();
    drawHead();
    drawRows();
  }

  const later = onFrame(drawRows);
  frame.addEventListener("scroll", later, { passive: true });
  new ResizeObserver(later).observe(frame); // it grows with its rows, up to its greatest height
  store.on((change) => {
    if (change.full) chooser.refresh();
    if (change.chosen || change.opened) return drawRows();
    if (change.filter && box.value !== store.filter) box.value = store.filter;
    return drawAll();
  });
  requestAnimationFrame(drawAll);
  return element;
}

// Missing cells come last whichever way, and before them scores of trials that broke off.
function compare(one, other, sign) {
  const [a, b] = [one.value, other.value];
  if (one.last !== other.last && (one.last ? b : a) !== null) return one.last ? 1 : -1;
  if (a === b) return 0;
  if (a === null || a === undefined) return 1;
  if (b === null || b === undefined) return -1;
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), "en", { numeric: true });
}
