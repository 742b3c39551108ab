// Learning curves: all trials faintly, the best or the chosen ones in colour.

import { colour, lineChart } from "../charts.js";
import { choice, h, replace } from "../dom.js";
import { count, metric } from "../format.js";
import { go, route } from "../route.js";
import { grouped, t, unit } from "../words.js";

const FAINT = 600; // curves that are drawn behind those in colour
const COLOURED = 5;

export const curves = {
  label: ["Curves", "Kurven"],
  there: (store) => store.metrics.length > 0,

  mount(where, store, open) {
    const wanted = route().metric;
    const state = { metric: store.metrics.includes(wanted) ? wanted : store.sweep.metric || store.metrics[0], log: false };
    if (!store.metrics.includes(state.metric)) state.metric = store.metrics[0];
    const note = h("p", { class: "note" });
    const frame = h("div");
    let points = new Map();
    let behind = [];
    let range = [0, 1];
    let ended = false;
    let chart = null;

    const toolbar = h("div", { class: "toolbar" },
      choice(t("metric", "Metrik"), store.metrics, state.metric, (name) => {
        state.metric = name;
        go({ metric: name === store.sweep.metric ? null : name });
        begin();
      }),
      h("label", { class: "choice" }, h("input", { type: "checkbox", onchange: (event) => {
        state.log = event.target.checked;
        begin();
      } }), h("span", {}, t("log scale", "logarithmisch"))));
    replace(where, toolbar, frame, note);

    function begin() {
      chart?.end();
      replace(frame);
      chart = lineChart(frame, {
        height: 320, xLabel: unit(store), logY: state.log, format: (v) => metric(v, store.ofProgram),
        range: () => range, background: () => behind, onPick: pick,
      });
      draw();
    }

    async function draw() {
      points = await store.readCurves(state.metric).catch(() => points);
      if (ended) return;
      const front = coloured(store, points);
      const inFront = new Set(front);
      const rest = store.visible.filter((trial) => !inFront.has(trial) && points.has(trial));
      const shown = thinned(rest, FAINT);
      behind = shown.map((trial) => points.get(trial));
      const [low, high, beyond] = limits([...front.map((trial) => points.get(trial)), ...behind], state.log);
      range = [low, high];
      chart.update(front.map((trial, number) => ({ label: trial, points: points.get(trial), color: colour(number) })));
      note.textContent = said(front, rest, shown, beyond);
    }

    function said(front, rest, shown, beyond) {
      if (front.length + rest.length === 0) return t(`No ${unit(store)} has ended yet.`, `Noch ist keine ${unit(store)} zu Ende.`);
      const best = front.length === 1 ? t("the best trial", "der beste Trial") : t(`the best ${front.length}`, `die besten ${front.length}`);
      const what = store.chosen.size ? t("the chosen trials", "die gewählten Trials") : best;
      const many = shown.length < rest.length ? `${count(shown.length, "other trial")} ${t("of", "von")} ${grouped(rest.length)}` : count(rest.length, "other trial");
      const out = beyond ? t(` ${count(beyond, "curve goes", "curves go")} beyond the axis.`, ` Über die Achse hinaus ${beyond === 1 ? "geht eine Kurve" : `gehen ${grouped(beyond)} Kurven`}.`) : "";
      const behindThem = rest.length ? t(`, behind them ${many}`, `, dahinter ${many}`) : "";
      return t(`In colour ${what}${behindThem}. Click a curve to ${store.live ? "open" : "choose"} its trial.${out}`, `In Farbe ${what}${behindThem}. Ein Klick auf eine Kurve wählt ihren Trial.${out}`);
    }

    // The curve that is nearest to a click.
    function pick(x, y, plot) {
      const epoch = Math.round(x);
      const at = plot.valToPos(y, "y");
      let best = null;
      for (const trial of store.visible) {
        const own = points.get(trial);
        const place = own ? own[0].indexOf(epoch) : -1;
        if (place < 0) continue;
        const distance = Math.abs(plot.valToPos(own[1][place], "y") - at);
        if (distance < 16 && (best === null || distance < best[0])) best = [distance, trial];
      }
      if (best) open(best[1]);
    }

    begin();
    const stop = store.on((change) => {
      if (change.opened) return;
      draw();
    });
    return {
      end() {
        ended = true;
        stop();
        chart.end();
      },
    };
  },
};

function coloured(store, points) {
  const chosen = [...store.chosen].filter((trial) => points.has(trial));
  if (chosen.length) return chosen.slice(0, 14);
  const ranked = store.ranked().filter((trial) => points.has(trial));
  return (ranked.length ? ranked : store.visible.filter((trial) => points.has(trial))).slice(0, COLOURED);
}

// So many of a list, evenly.
function thinned(list, most) {
  if (list.length <= most) return list;
  const step = list.length / most;
  return Array.from({ length: most }, (_, number) => list[Math.floor(number * step)]);
}

// Ends of the y axis; a few values far outside of the others do not flatten all curves.
function limits(found, log) {
  const values = [];
  for (const [, ys] of found) for (const y of ys) if (y !== null && (!log || y > 0)) values.push(y);
  if (values.length === 0) return [0, 1, 0];
  values.sort((a, b) => a - b);
  const at = (share) => values[Math.round(share * (values.length - 1))];
  const room = 2 * (at(0.95) - at(0.05));
  let low = Math.max(values[0], at(0.05) - room);
  let high = Math.min(values[values.length - 1], at(0.95) + room);
  const beyond = found.filter(([, ys]) => ys.some((y) => y !== null && (y < low || y > high))).length;
  if (low === high) [low, high] = [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1];
  if (log) return [low / 1.1, high * 1.1, beyond];
  const margin = 0.04 * (high - low);
  return [low - margin, high + margin, beyond];
}
