// The rungs of a scheduler that halves: who arrived, with which score, and who went on.

import { choice, h, onFrame, onResize, replace, s } from "../dom.js";
import { metric } from "../format.js";
import { nice } from "../scales.js";
import { t, unit } from "../words.js";

const HEIGHT = 320;
const MARGIN = { left: 58, right: 12, top: 10, bottom: 66 };
const DOTS = 400; // arrivals at a rung that are drawn

export const rungs = {
  label: ["Rungs", "Stufen"],
  there: (store) => store.sweep.rungs,

  mount(where, store, open) {
    const bar = h("div", { class: "toolbar" });
    const frame = h("div", { class: "scroll-x" });
    replace(where, bar, frame, h("p", { class: "note" }, t(
      `Filled: the trial continued. Hollow: it was stopped there, or waits. Lines join trials that reached the next rung. Click a trial to ${store.live ? "open" : "choose"} it.`,
      "Gefüllt: der Trial lief weiter. Hohl: er wurde dort gestoppt, oder er wartet. Linien verbinden Trials, welche die nächste Stufe erreichten. Ein Klick wählt einen Trial.",
    )));
    let found = [];
    let version = -1;
    let bracket = null;
    let width = 0;
    let ended = false;

    async function read() {
      if (version === store.version) return draw();
      version = store.version;
      const answer = await store.ask("rungs").catch(() => null);
      if (answer === null || ended) return undefined;
      found = answer.rungs;
      return draw();
    }

    const draw = onFrame(() => {
      if (!width) return;
      const brackets = [...new Set(found.map((rung) => rung.bracket))];
      if (!brackets.includes(bracket)) [bracket] = brackets;
      replace(bar, brackets.length > 1 ? choice(t("bracket", "Gruppe"), brackets.map((b) => [String(b), String(b)]), String(bracket), (b) => {
        bracket = Number(b);
        draw();
      }) : null);
      const own = found.filter((rung) => rung.bracket === bracket);
      replace(frame, own.length ? figure(own) : h("p", { class: "empty" }, t("No trial has reached a rung yet.", "Noch hat kein Trial eine Stufe erreicht.")));
    });

    function figure(own) {
      const scores = own.flatMap((rung) => rung.arrivals.map((one) => one[1])).filter((score) => score !== null);
      if (!scores.length) return h("p", { class: "empty" }, t("No trial has a score at a rung yet.", "Noch hat kein Trial einen Wert auf einer Stufe."));
      const wide = Math.max(width, own.length * 90 + 70);
      const [low, high] = [Math.min(...scores), Math.max(...scores)];
      const inner = { w: wide - MARGIN.left - MARGIN.right, h: HEIGHT - MARGIN.top - MARGIN.bottom };
      const y = (score) => MARGIN.top + inner.h - ((score - low) / (high - low || 1)) * inner.h * 0.94 - 0.03 * inner.h;
      const middle = (i) => MARGIN.left + ((i + 0.5) * inner.w) / own.length;
      const spread = Math.min(0.36 * (inner.w / own.length), 90);
      const places = own.map((rung, i) => new Map(sample(rung.arrivals).map((one, k) => [one[0], { x: middle(i) + spread * (2 * ((k * 0.618) % 1) - 1), y: one[1] === null ? null : y(one[1]) }])));
      const grid = nice(low, high).map((tick) => [
        s("path", { class: "grid", d: `M${MARGIN.left} ${y(tick)}H${wide - MARGIN.right}` }),
        s("text", { class: "tick-text", x: MARGIN.left - 8, y: y(tick) + 4, "text-anchor": "end" }, metric(tick, store.ofProgram)),
      ]);
      const joins = own.slice(0, -1).map((rung, i) => s("path", { class: "join", d: sample(rung.arrivals).map((one) => {
        const [a, b] = [places[i].get(one[0]), places[i + 1].get(one[0])];
        return a && b && a.y !== null && b.y !== null ? `M${a.x} ${a.y}L${b.x} ${b.y}` : "";
      }).join("") }));
      const dots = own.map((rung, i) => sample(rung.arrivals).filter((one) => one[1] !== null).map((one) => dot(one, places[i].get(one[0]), rung)));
      const labels = own.map((rung, i) => {
        const on = rung.arrivals.filter((one) => one[2]).length;
        return s("text", { class: "tick-text", x: middle(i), y: HEIGHT - 48, "text-anchor": "middle" },
          s("tspan", { class: "strong" }, `${unit(store)} ${rung.epoch}`), s("tspan", { x: middle(i), dy: 15 }, t(`${rung.arrivals.length} arrived`, `${rung.arrivals.length} kamen`)),
          s("tspan", { x: middle(i), dy: 15 }, t(`${on} continued`, `${on} weiter`)));
      });
      return s("svg", { width: wide, height: HEIGHT, class: "rungs", role: "group", "aria-label": t(`${store.sweep.metric} at each rung`, `${store.sweep.metric} auf jeder Stufe`) }, grid, joins, dots, labels);
    }

    function dot([trial, score, on], { x, y }, rung) {
      const value = metric(score, store.ofProgram);
      const said = t(`${trial}: ${value} at ${unit(store)} ${rung.epoch}, ${on ? "continued" : "stopped or waits"}`, `${trial}: ${value} in ${unit(store)} ${rung.epoch}, ${on ? "weiter" : "gestoppt oder wartet"}`);
      return s("circle", { cx: x, cy: y, r: 4, class: on ? "on" : "out", onclick: () => open(trial) }, s("title", {}, said));
    }

    const unsize = onResize(where, (now) => {
      width = now;
      draw();
    });
    const stop = store.on((change) => change.opened || change.chosen || change.filter || read());
    read();
    return {
      end() {
        ended = true;
        stop();
        unsize();
      },
    };
  },
};

function sample(arrivals) {
  if (arrivals.length <= DOTS) return arrivals;
  const step = arrivals.length / DOTS;
  return Array.from({ length: DOTS }, (_, i) => arrivals[Math.floor(i * step)]);
}
