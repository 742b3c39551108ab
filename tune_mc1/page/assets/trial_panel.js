// One trial in detail: its state, its curves, its setting, its log.

import { get, sweepPath } from "./api.js";
import { lineChart } from "./charts.js";
import { choice, h, replace } from "./dom.js";
import { clock, count, duration, exact, metric } from "./format.js";
import { logView } from "./log_view.js";
import { trialActions } from "./trial_actions.js";

export function trialPanel(store, trial, open, reload) {
  const heading = h("h2", { tabindex: "-1" }, trial);
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => open(null) }, "×");
  const actions = trialActions(store, trial, reload);
  const facts = h("div");
  const figure = h("div", { class: "panel-figure" });
  const log = logView(store, trial);
  const element = h("aside", { class: "panel", "aria-label": `Trial ${trial}` },
    h("div", { class: "panel-head" }, heading, actions.element, close), facts, figure, log.element);
  let version = -1;
  let details = null;
  let drawn = "";
  let shown = null;
  let chart = null;

  async function read() {
    if (store.version === version) return;
    version = store.version;
    try {
      details = await get(sweepPath(store.name, `/trials/${encodeURIComponent(trial)}`));
    } catch (error) {
      replace(facts, h("p", { class: "error" }, error.message));
      return;
    }
    const now = JSON.stringify({ ...details, version: 0, path: store.sweep.path });
    if (now !== drawn) drawFacts();
    drawn = now;
    actions.draw(details);
    drawCurves();
    log.read(details);
  }

  // What the reader has opened stays open.
  function drawFacts() {
    const opened = [...facts.querySelectorAll("details")].map((one) => one.open);
    replace(facts, summary(), setting(), again());
    facts.querySelectorAll("details").forEach((one, i) => (one.open = Boolean(opened[i])));
  }

  function summary() {
    const one = details;
    const rows = [["state", [h("i", { class: `dot ${one.state}`, "aria-hidden": "true" }), one.state]]];
    if (one.note) rows.push(["note", one.note]);
    if (one.why) rows.push(["stopped as", one.why]);
    if (one.error) rows.push(["error", h("span", { class: "error" }, one.error)]);
    if (one.score !== null) rows.push([store.sweep.metric, `${metric(one.score, store.ofProgram)} at ${store.sweep.unit} ${one.best_epoch}`]);
    for (const [name, score] of Object.entries(one.tests)) rows.push([name, metric(score, store.ofProgram)]);
    rows.push([`${store.sweep.unit}s`, one.config.epochs ? `${one.epochs_run} of ${one.config.epochs}` : String(one.epochs_run)]);
    if (one.started) rows.push(["started", `${clock(one.started)}, ran ${duration(one.seconds)}`]);
    if (one.images_per_second) rows.push(["speed", `${Math.round(one.images_per_second).toLocaleString("en")} images/s`]);
    if (one.fused > 1) rows.push(["fused", `trained with ${count(one.fused - 1, "other trial")} as one model`]);
    if (one.attempts > 1) rows.push(["starts", String(one.attempts)]);
    if (one.node) rows.push(["device", `${one.device_name ?? ""} on ${one.node}`]);
    if (one.same_setting.length) {
      const others = one.same_setting.slice(0, 12).map((id) => h("button", { type: "button", class: "link", onclick: () => open(id) }, id));
      rows.push(["same setting", others.flatMap((each) => [each, " "])]);
    }
    return h("dl", { class: "facts tall" }, rows.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  }

  function setting() {
    const varied = details.varied.filter((name) => name in details.config);
    const others = Object.keys(details.config).filter((name) => !varied.includes(name));
    const rows = (names) => names.map((name) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, exact(details.config[name]))));
    const fixed = h("details", {}, h("summary", {}, count(others.length, "parameter that is fixed", "parameters that are fixed")),
      h("table", { class: "pairs" }, h("tbody", {}, rows(others))));
    return [h("h3", {}, "Setting"), h("table", { class: "pairs" }, h("tbody", {}, rows(varied))), others.length ? fixed : null];
  }

  function again() {
    if (store.ofProgram) return null;
    const command = `python -m tune_mc1 train ${/^[\w./~-]+$/.test(store.sweep.path) ? store.sweep.path : `'${store.sweep.path}'`} --trial ${trial}`;
    const said = h("span", { role: "status", class: "soft" });
    const copy = h("button", { type: "button", onclick: async () => {
      await navigator.clipboard?.writeText(command).then(() => (said.textContent = "copied"), () => (said.textContent = "could not be copied"));
    } }, "Copy");
    return h("details", {}, h("summary", {}, "Run it again"), h("div", { class: "command" }, h("code", {}, command), copy, said));
  }

  function drawCurves() {
    const names = Object.keys(details.curves);
    if (details.epochs.length === 0 || names.length === 0) {
      return replace(figure, h("h3", {}, "Curves"), h("p", { class: "empty" }, `No ${store.sweep.unit} has ended yet.`));
    }
    const kinds = [...new Set(names.map(kindOf))];
    if (!kinds.includes(shown)) shown = kindOf(names.includes(store.sweep.metric) ? store.sweep.metric : names[0]);
    const series = names.filter((name) => kindOf(name) === shown)
      .map((name) => ({ label: name, points: [details.epochs, details.curves[name]] }));
    if (chart?.kind === shown && chart.series === series.length) return chart.update(series);
    chart?.end();
    const where = h("div");
    replace(figure, h("div", { class: "toolbar" }, h("h3", {}, "Curves"), choice("metric", kinds, shown, (kind) => {
      shown = kind;
      drawCurves();
    })), where);
    chart = { kind: shown, series: series.length, ...lineChart(where, { height: 190, xLabel: store.sweep.unit, format: (v) => metric(v, store.ofProgram) }) };
    return chart.update(series);
  }

  const stop = store.on(read);
  read();
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open(null);
  });
  return {
    element,
    focus: () => heading.focus({ preventScroll: true }),
    end() {
      stop();
      chart?.end();
      log.end();
    },
  };
}

// Metrics of training and validation share a figure: val_acc and train_acc are both acc.
const kindOf = (name) => name.replace(/^(train|val)[_/]/, "");
