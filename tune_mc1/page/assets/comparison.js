// Sweeps side by side: their best over weeks, how each came to it, what their winners are.

import { colour, lineChart } from "./charts.js";
import { choice, h, replace } from "./dom.js";
import { duration, metric, value } from "./format.js";

const MOST = 7;
const DAY_S = 86400;

export function comparison(where, read) {
  const state = { over: "trials", metric: null, picked: null, key: "" };
  let charts = [];
  const known = new Map(); // by directory: its summary's stamp, and what the server told

  async function show(all, chosen) {
    const scored = all.filter((one) => one.best && one.started);
    const some = chosen.filter((one) => !one.error).slice(0, MOST);
    where.hidden = scored.length === 0;
    const stamp = (one) => JSON.stringify([one.ended, one.best, one.states]);
    const key = JSON.stringify([scored.map(stamp), some.map((one) => one.directory), state]);
    if (key === state.drawn || where.hidden) return;
    for (const one of some) {
      if (known.get(one.directory)?.stamp === stamp(one)) continue;
      const found = await read(one.directory).catch((error) => ({ error: error.message }));
      known.set(one.directory, { stamp: stamp(one), ...found });
    }
    state.drawn = key;
    draw(all, scored, some);
  }

  function draw(all, scored, some) {
    charts.forEach((chart) => chart.end());
    charts = [];
    const metrics = [...new Set(scored.map((one) => one.metric))];
    const shown = some.length ? some : scored;
    state.metric = shown.some((one) => one.metric === state.picked) ? state.picked : mostOften(shown.map((one) => one.metric));
    const again = () => show(all, some);
    const pickMetric = metrics.length > 1 ? choice("metric", metrics, state.metric, (name) => ((state.picked = name), again())) : null;
    if (some.length < 2) {
      const chart = h("div");
      replace(where, h("div", { class: "toolbar" }, h("h2", {}, `Best ${state.metric} of each sweep`), pickMetric), chart,
        h("p", { class: "note" }, "By the time at which the sweep began. Choose two or more sweeps below to see them side by side."));
      weeks(chart, scored.filter((one) => one.metric === state.metric));
      return;
    }
    const own = some.filter((one) => one.metric === state.metric);
    const [progress, winners] = [h("div"), h("div")];
    const left = some.length - own.length;
    replace(where,
      h("div", { class: "toolbar" }, h("h2", {}, "Side by side"), pickMetric, choice("over", [["trials", "trials"], ["time", "time"]], state.over, (over) => ((state.over = over), again()))),
      h("div", { class: "two" }, h("div", {}, h("h3", {}, `Best ${state.metric} so far`), progress), h("div", {}, h("h3", {}, "Winners' curves"), winners)),
      table(own), left ? h("p", { class: "note" }, `${left} chosen of another metric ${left === 1 ? "is" : "are"} left out.`) : null);
    const series = (points) => own.map((one, i) => ({ label: one.directory, color: colour(i), points: points(known.get(one.directory)) }));
    const scale = state.over === "trials" ? 1 : 60;
    line(progress, { xLabel: state.over === "trials" ? "trials that had ended" : "minutes", stepped: true, whole: state.over === "trials" },
      series((found) => columns((found.progress ?? []).map((one) => [one[state.over === "trials" ? 0 : 1] / scale, one[2]]))));
    line(winners, { xLabel: own[0]?.unit ?? "epoch" }, series((found) => columns(found.curve ?? [])));
  }

  function line(where_, options, series) {
    const chart = lineChart(where_, { height: 260, format: (v) => metric(v, false), ...options });
    chart.update(series);
    charts.push(chart);
  }

  function weeks(element, sweeps) {
    const sorted = [...sweeps].sort((a, b) => a.started - b.started);
    const alone = new Set(sorted.map((one) => one.started)).size === 1; // uPlot would show three years
    const around = (low, high) => [low - 0.03 * (high - low), high + 0.03 * (high - low)];
    const chart = lineChart(element, {
      height: 200, time: true, whole: false, format: (v) => metric(v, false), legend: false,
      range: (_, low, high) => (low === high ? [low - 0.1 * Math.abs(low || 1), low + 0.1 * Math.abs(low || 1)] : around(low, high)),
      rangeX: (_, low, high) => (alone ? [low - DAY_S / 2, low + DAY_S / 2] : around(low, high)),
    });
    chart.update([{ label: state.metric ?? "", color: colour(0), width: 0, dots: true, points: columns(sorted.map((one) => [one.started, one.best.score])) }]);
    charts.push(chart);
  }

  function table(own) {
    const all = [...new Set(own.flatMap((one) => Object.keys(known.get(one.directory).values ?? {})))];
    const differs = (name) => new Set(own.map((one) => JSON.stringify(known.get(one.directory).values?.[name] ?? null))).size > 1;
    const names = all.filter((name) => differs(name) || own.some((one) => known.get(one.directory).varied?.includes(name)));
    const row = (name, cells, kind) => h("tr", {}, h("th", { scope: "row" }, name), cells.map((cell) => h("td", { class: kind }, cell)));
    const head = h("tr", {}, h("td"), own.map((one, i) => h("th", { scope: "col" }, h("i", { class: "chip", "aria-hidden": "true", style: { background: colour(i) } }), one.directory)));
    const of = (one) => known.get(one.directory);
    const lines = [
      row(`best ${state.metric}`, own.map((one) => (one.best ? `${metric(one.best.score)} (${one.best.trial})` : "–")), "strong"),
      ...[...new Set(own.flatMap((one) => Object.keys(of(one).tests ?? {})))].map((name) => row(name, own.map((one) => metric(of(one).tests?.[name] ?? null)))),
      row("search", own.map((one) => one.search ?? "–")),
      row("data", own.map((one) => one.data ?? one.program ?? "–")),
      row("trials", own.map((one) => String(one.trials))),
      row("took", own.map((one) => duration(one.last_end && one.started ? one.last_end - one.started : null))),
      ...names.map((name) => row(name, own.map((one) => (name in (of(one).values ?? {}) ? value(of(one).values[name]) : "–")))),
    ];
    return h("div", { class: "scroll-x" }, h("table", { class: "bars beside" }, h("thead", {}, head), h("tbody", {}, lines)));
  }

  return { show, end: () => charts.forEach((chart) => chart.end()) };
}

const columns = (pairs) => [pairs.map((pair) => pair[0]), pairs.map((pair) => pair[1])];

// The last of those that occur most often.
function mostOften(names) {
  const times = (name) => names.filter((one) => one === name).length;
  return names.reduce((best, name) => (times(name) >= times(best) ? name : best), names[0]);
}
