// All sweeps of a directory: as a list, over time, and some of them side by side.

import { get, sweepPath } from "./api.js";
import { comparison } from "./comparison.js";
import { h, replace } from "./dom.js";
import { clock, count, duration, metric } from "./format.js";
import { poll } from "./poll.js";
import { go, link, route } from "./route.js";
import { STATES } from "./header.js";

export function sweepsPage(place) {
  const list = h("div", {}, h("p", { class: "empty" }, "Reading …"));
  const beside = h("section", { class: "figures", "aria-label": "Side by side", hidden: true });
  const state = { sort: "started", down: true, filter: "", sweeps: [], chosen: new Set((route().compare ?? "").split(",").filter(Boolean)) };
  const box = h("input", { type: "search", class: "filter", "aria-label": "Filter sweeps", placeholder: "Filter: a name, a method, data", oninput: (event) => {
    state.filter = event.target.value.toLowerCase();
    draw();
  } });
  const said = h("p", { class: "said", role: "status" });
  const table = h("section", { class: "trials-part", id: "trials", "aria-label": "Sweeps" }, h("div", { class: "toolbar" }, h("h2", {}, "Sweeps"), box, said), list);
  const element = h("div", { class: "page" }, h("main", {}, h("header", { class: "head" }, h("div", { class: "top" }, h("div", { class: "title" }, h("h1", {}, place.place)))), beside, table));
  const side = comparison(beside, (name) => get(sweepPath(name, "/compared")));

  const COLUMNS = [
    ["directory", "sweep", (one) => h("a", { href: link({ sweep: one.directory }) }, one.directory)],
    ["status", "status", (one) => h("span", { class: `status ${one.status}` }, one.status ?? "unreadable")],
    ["search", "search", (one) => one.search ?? "–"],
    ["data", "data", (one) => one.data ?? one.module ?? one.program ?? "–"],
    ["trials", "trials", (one) => one.trials, "num"],
    ["states", "states", (one) => states(one)],
    ["metric", "metric", (one) => one.metric || "–"],
    ["best", "best", (one) => (one.best ? metric(one.best.score, one.unit === "iteration") : "–"), "num"],
    ["started", "started", (one) => clock(one.started), "num"],
    ["took", "took", (one) => duration(one.last_end && one.started ? one.last_end - one.started : null), "num"],
  ];

  const KEYS = { best: (one) => one.best?.score ?? null, took: (one) => (one.last_end ?? 0) - (one.started ?? 0), states: (one) => one.ended };

  function draw() {
    const key = KEYS[state.sort] ?? ((one) => one[state.sort] ?? null);
    const text = (one) => [one.directory, one.search, one.data, one.program, one.metric, one.status].join(" ").toLowerCase();
    const shown = state.sweeps.filter((one) => state.filter.split(/\s+/).every((word) => text(one).includes(word)));
    shown.sort((a, b) => (state.down ? -1 : 1) * compare(key(a), key(b)));
    said.textContent = shown.length === state.sweeps.length ? count(shown.length, "sweep") : `${shown.length} of ${count(state.sweeps.length, "sweep")}`;
    if (!state.sweeps.length) return replace(list, h("p", { class: "empty" }, `No sweeps in ${place.place} yet. Start one with: python -m tune_mc1 sweep grid`));
    const focused = document.activeElement?.dataset?.key;
    const heads = COLUMNS.map(([name, label, , kind]) => h("th", { scope: "col", class: kind, "aria-sort": state.sort === name ? (state.down ? "descending" : "ascending") : null },
      h("button", { type: "button", "data-key": name, onclick: () => sortBy(name) }, label)));
    const rows = shown.map((one) => h("tr", {}, h("td", { class: "mark" }, mark(one)), one.error
      ? [h("td", {}, one.directory), h("td", { colspan: String(COLUMNS.length - 1), class: "error" }, one.error)]
      : COLUMNS.map(([, , show, kind]) => h("td", { class: kind }, show(one)))));
    replace(list, h("div", { class: "scroll-x" }, h("table", { class: "sweeps", "aria-label": "Sweeps" },
      h("thead", {}, h("tr", {}, h("th", { class: "mark", scope: "col" }, h("span", { class: "hidden" }, "compare")), heads)), h("tbody", {}, rows))));
    list.querySelector(`[data-key="${focused}"]`)?.focus();
    return undefined;
  }

  function mark(one) {
    return h("input", { type: "checkbox", disabled: Boolean(one.error), "aria-label": `Compare ${one.directory}`, checked: state.chosen.has(one.directory), onchange: (event) => {
      state.chosen[event.target.checked ? "add" : "delete"](one.directory);
      go({ compare: [...state.chosen].join(",") || null });
      drawSide();
    } });
  }

  function sortBy(name) {
    state.down = state.sort === name ? !state.down : ["trials", "best", "started", "took"].includes(name);
    state.sort = name;
    draw();
  }

  const drawSide = () => side.show(state.sweeps, state.sweeps.filter((one) => state.chosen.has(one.directory)));

  const news = poll(async () => {
    const { sweeps } = await get("sweeps");
    state.sweeps = sweeps;
    if (!list.contains(document.activeElement) || document.activeElement.type !== "checkbox") draw();
    drawSide();
    return sweeps.some((one) => one.status === "running") ? 3 : 10;
  });
  return {
    element,
    end() {
      news.end();
      side.end();
    },
  };
}

function states(one) {
  const total = Object.values(one.states).reduce((sum, n) => sum + n, 0) || 1;
  const said = STATES.filter((state) => one.states[state]).map((state) => `${one.states[state]} ${state}`).join(", ");
  return h("div", { class: "bar small", role: "img", "aria-label": said, title: said }, STATES.filter((state) => one.states[state]).map((state) => h("span", { class: `part ${state}`, style: { width: `${(100 * one.states[state]) / total}%` } })));
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}
