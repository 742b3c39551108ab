// Parallel coordinates: every trial a line through its parameters, coloured by its score. A range
// that is dragged along an axis becomes a term of the filter.

import { h, onFrame, onResize, onScheme, replace } from "../dom.js";
import { metric as shown } from "../format.js";
import { literal, termOn, withTerm } from "../filter.js";
import { rampLegend } from "../ramp.js";
import { axisOf } from "../scales.js";
import { t } from "../words.js";
import { binOf, lineLayers, look } from "./lines.js";

const TOP = 34;
const BOTTOM = 14;
const HEIGHT = 340;
const INNER = HEIGHT - TOP - BOTTOM;

export const parallel = {
  label: ["Parallel coordinates", "Parallele Koordinaten"],
  there: (store) => store.parameters.length > 0,

  mount(where, store) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const over = h("div", { class: "axes" });
    const frame = h("div", { class: "parallel", style: { height: `${HEIGHT}px` } }, canvas, over);
    const legend = h("div");
    const note = h("p", { class: "note" }, t(
      "Drag along an axis to keep a range, click a value to keep it; the filter above the table shows it.",
      "Ziehen entlang einer Achse behält einen Bereich, ein Klick einen Wert; der Filter über der Tabelle zeigt es.",
    ));
    replace(where, h("div", { class: "toolbar" }, legend), frame, note);
    const lines = lineLayers(canvas);
    let axes = []; // of the parameters, then that of the score
    let made = []; // what those of the parameters were made for
    let width = 0;
    let drawn = ""; // key of the axes in sight
    let dragging = false;

    const place = (share) => HEIGHT - BOTTOM - share * INNER;

    // The axes. Those of parameters stay until there are other trials.
    function layout() {
      const now = [store.columns, store.rows.size, width];
      const score = axisOf(store, { key: "score", label: store.sweep.metric, group: "metric" }, axes[axes.length - 1]);
      if (now.some((part, i) => part !== made[i])) {
        axes = store.parameters.map((column) => axisOf(store, column));
        made = now;
      } else axes.pop();
      axes.push(score);
      const longest = Math.max(...axes[0].ticks.map((tick) => tick.text.length), axes[0].label.length / 2);
      const left = Math.min(160, 16 + 7 * longest);
      axes.forEach((axis, number) => {
        axis.x = left + (number * (width - left - 70)) / Math.max(1, axes.length - 1);
        axis.at = store.index.get(axis.key);
        axis.y = (cell) => {
          const share = axis.place(cell);
          return share === null ? null : place(share);
        };
      });
    }

    function draw() {
      if (!width || !store.sweep) return;
      layout();
      const ends = axes.map((axis) => [axis.label, axis.x, axis.low, axis.high, axis.log, axis.values?.length, axis.ticks.map((tick) => tick.text)]);
      const own = JSON.stringify([ends, store.filter, store.sweep.maximize]);
      if (own !== drawn && !dragging) {
        drawAxes();
        drawLegend();
        drawn = own;
      }
      const kept = store.visible.length;
      const inSight = kept < store.rows.size ? new Set(store.visible) : store.rows;
      const score = axes[axes.length - 1];
      lines.draw({
        key: `${own} ${look(kept)}`, axes, rows: store.rows, state: store.index.get("state"), kept, width, height: HEIGHT,
        bin(row, trial) {
          const share = score.place(row[score.at]);
          if (share === null) return null;
          return inSight.has(trial) ? binOf(store.sweep.maximize ? share : 1 - share) : 0;
        },
      });
    }

    function drawAxes() {
      replace(over, axes.map((axis, number) => {
        const ticks = axis.ticks.map(({ share, text, cell }) =>
          h("button", { type: "button", class: "tick", tabindex: axis.categorical ? "0" : "-1", style: { top: `${place(share)}px` }, onclick: () => axis.categorical && toggle(axis, cell) }, text));
        const term = termOn(store.filter, axis.label);
        const range = term && "low" in term ? brush(axis, term) : null;
        const side = number === axes.length - 1 ? "axis last" : "axis";
        const element = h("div", { class: side, style: { left: `${axis.x}px` } },
          h("span", { class: "axis-name", title: axis.label }, axis.label), h("div", { class: "rail", style: { top: `${TOP}px`, bottom: `${BOTTOM}px` } }), range, ticks);
        element.addEventListener("pointerdown", (event) => begin(event, axis, element));
        return element;
      }));
    }

    function brush(axis, { low, high }) {
      const ends = [low, high].map((end) => Math.min(HEIGHT - BOTTOM, Math.max(TOP, axis.y(end) ?? (end === low ? HEIGHT - BOTTOM : TOP))));
      return h("div", { class: "brush", style: { top: `${Math.min(...ends)}px`, height: `${Math.abs(ends[0] - ends[1])}px` } });
    }

    function toggle(axis, cell) {
      const text = literal(cell);
      const values = new Set(termOn(store.filter, axis.label)?.values ?? []);
      if (values.has(text)) values.delete(text);
      else values.add(text);
      store.setFilter(withTerm(store.filter, axis.label, values.size ? [...values].join(",") : null));
    }

    // A drag along an axis; news that come meanwhile leave the axes as they are.
    function begin(event, axis, element) {
      if (axis.categorical || event.button !== 0) return;
      event.preventDefault();
      const top = over.getBoundingClientRect().top;
      const from = event.clientY - top;
      const live = h("div", { class: "brush" });
      const share = (at) => Math.min(1, Math.max(0, (HEIGHT - BOTTOM - at) / INNER));
      element.querySelector(".brush")?.remove();
      element.append(live);
      element.setPointerCapture(event.pointerId);
      dragging = true;
      const move = (now) => {
        const at = now.clientY - top;
        Object.assign(live.style, { top: `${Math.min(from, at)}px`, height: `${Math.abs(at - from)}px` });
      };
      const finish = () => {
        for (const [name, heard] of [["pointermove", move], ["pointerup", end], ["pointercancel", finish]]) element.removeEventListener(name, heard);
        dragging = false;
        drawn = "";
        redraw();
      };
      const end = (now) => {
        finish();
        const at = now.clientY - top;
        const ends = [share(from), share(at)].sort((a, b) => a - b);
        const range = Math.abs(at - from) < 4 ? null : ends.map((one) => axis.value(one)).join("..");
        store.setFilter(withTerm(store.filter, axis.label, range));
      };
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", end);
      element.addEventListener("pointercancel", finish);
    }

    function drawLegend() {
      const score = axes[axes.length - 1];
      if (score.low === undefined) return replace(legend, h("p", { class: "note" }, t("No trial has a score yet.", "Noch hat kein Trial einen Wert.")));
      const ends = store.sweep.maximize ? [score.low, score.high] : [score.high, score.low];
      return replace(legend, rampLegend(store.sweep.metric, ...ends.map((end) => shown(end, store.ofProgram))));
    }

    const redraw = onFrame(draw);
    const unsize = onResize(frame, (now) => {
      const longest = Math.max(10, ...store.parameters.map((column) => column.label.length));
      width = Math.max(now, Math.min(130, 16 + 7 * longest) * store.parameters.length + 150);
      canvas.style.width = over.style.width = `${width}px`;
      redraw();
    });
    const unscheme = onScheme(() => {
      drawn = ""; // the legend has the ramp's colours
      redraw();
    });
    const stop = store.on((change) => change.opened || change.chosen || redraw());
    return {
      end() {
        stop();
        unsize();
        unscheme();
        lines.end();
      },
    };
  },
};
