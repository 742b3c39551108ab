// Parallel coordinates: every trial a line through its parameters, coloured by its score. A range
// that is dragged along an axis becomes a term of the filter.

import { h, onFrame, onResize, onScheme, replace, token } from "../dom.js";
import { metric as shown } from "../format.js";
import { termOn, withTerm } from "../filter.js";
import { axisOf } from "../scales.js";
import { rampColour, rampLegend } from "../ramp.js";

const TOP = 34;
const BOTTOM = 14;
const HEIGHT = 340;
const BINS = 24; // colours; lines of one colour are one path
const CHUNK = 1500; // lines a frame, so that the page stays responsive

export const parallel = {
  label: "Parallel coordinates",
  there: (store) => store.parameters.length > 0,

  mount(where, store) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const over = h("div", { class: "axes" });
    const frame = h("div", { class: "parallel", style: { height: `${HEIGHT}px` } }, canvas, over);
    const legend = h("div");
    const note = h("p", { class: "note" }, "Drag along an axis to keep a range, click a value to keep it; the filter above the table shows it.");
    replace(where, h("div", { class: "toolbar" }, legend), frame, note);
    let axes = [];
    let width = 0;
    let job = 0;

    function layout() {
      const columns = [...store.parameters, { key: "score", label: store.sweep.metric, group: "metric" }];
      axes = columns.map((column) => axisOf(store, column));
      const longest = Math.max(...axes[0].ticks.map((tick) => tick.text.length), axes[0].label.length / 2);
      const left = Math.min(160, 16 + 7 * longest);
      axes.forEach((axis, number) => {
        axis.x = left + (number * (width - left - 70)) / Math.max(1, axes.length - 1);
      });
    }

    function y(axis, cell) {
      const share = axis.place(cell);
      return share === null ? null : HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    function draw() {
      cancelAnimationFrame(job);
      if (!width || !store.sweep) return;
      layout();
      drawAxes();
      const scale = devicePixelRatio;
      const next = document.createElement("canvas"); // what is seen changes only when all lines are there
      next.width = canvas.width = Math.round(width * scale);
      next.height = canvas.height = Math.round(HEIGHT * scale);
      const ctx = next.getContext("2d");
      ctx.scale(scale, scale);
      drawLines(ctx, 0, grouped(), () => canvas.getContext("2d").drawImage(next, 0, 0));
    }

    // Trials by colour, the worst first, so that the best lie on top.
    function grouped() {
      const score = axes[axes.length - 1];
      const bins = Array.from({ length: BINS + 1 }, () => []);
      const kept = new Set(store.visible);
      for (const trial of store.rows.keys()) {
        const share = score.place(store.cell(trial, "score"));
        if (share === null) continue;
        if (!kept.has(trial)) bins[0].push(trial);
        else bins[1 + Math.min(BINS - 1, Math.floor((store.sweep.maximize ? share : 1 - share) * BINS))].push(trial);
      }
      return bins.flatMap((trials, bin) => chunks(trials).map((each) => [bin, each]));
    }

    function drawLines(ctx, from, groups, done) {
      let drawn = 0;
      let number = from;
      for (; number < groups.length && drawn < CHUNK; number++) {
        const [bin, trials] = groups[number];
        ctx.beginPath();
        for (const trial of trials) line(ctx, trial);
        ctx.strokeStyle = bin === 0 ? token("--faint-line") : rampColour((bin - 0.5) / BINS);
        ctx.globalAlpha = bin === 0 ? 0.35 : store.visible.length > 400 ? 0.5 : 0.85;
        ctx.lineWidth = store.visible.length > 400 ? 0.8 : 1.2;
        ctx.stroke();
        drawn += trials.length;
      }
      if (number < groups.length) job = requestAnimationFrame(() => drawLines(ctx, number, groups, done));
      else done();
    }

    function line(ctx, trial) {
      let pen = null;
      for (const axis of axes) {
        const at = y(axis, store.cell(trial, axis.key));
        if (at === null) {
          pen = null;
          continue;
        }
        if (pen === null) ctx.moveTo(axis.x, at);
        else {
          const middle = (pen + axis.x) / 2;
          ctx.bezierCurveTo(middle, penY(ctx), middle, at, axis.x, at);
        }
        pen = axis.x;
        ctx.lastY = at;
      }
    }
    const penY = (ctx) => ctx.lastY;

    function drawAxes() {
      replace(over, axes.map((axis, number) => {
        const ticks = axis.ticks.map(({ share, text, cell }) =>
          h("button", { type: "button", class: "tick", tabindex: axis.categorical ? "0" : "-1", style: { top: `${HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)}px` }, onclick: () => axis.categorical && toggle(axis, cell) }, text));
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
      const ends = [low, high].map((end) => Math.min(HEIGHT - BOTTOM, Math.max(TOP, y(axis, end) ?? (end === low ? HEIGHT - BOTTOM : TOP))));
      return h("div", { class: "brush", style: { top: `${Math.min(...ends)}px`, height: `${Math.abs(ends[0] - ends[1])}px` } });
    }

    function toggle(axis, cell) {
      const text = cell === null ? "-" : String(cell);
      const values = new Set(termOn(store.filter, axis.label)?.values ?? []);
      if (values.has(text)) values.delete(text);
      else values.add(text);
      store.setFilter(withTerm(store.filter, axis.label, values.size ? [...values].join(",") : null));
    }

    function begin(event, axis, element) {
      if (axis.categorical || event.button !== 0) return;
      event.preventDefault();
      const top = over.getBoundingClientRect().top;
      const from = event.clientY - top;
      const live = h("div", { class: "brush" });
      const share = (at) => Math.min(1, Math.max(0, (HEIGHT - BOTTOM - at) / (HEIGHT - TOP - BOTTOM)));
      element.querySelector(".brush")?.remove();
      element.append(live);
      element.setPointerCapture(event.pointerId);
      const move = (now) => {
        const at = now.clientY - top;
        Object.assign(live.style, { top: `${Math.min(from, at)}px`, height: `${Math.abs(at - from)}px` });
      };
      const end = (now) => {
        element.removeEventListener("pointermove", move);
        element.removeEventListener("pointerup", end);
        const at = now.clientY - top;
        const ends = [share(from), share(at)].sort((a, b) => a - b);
        const range = Math.abs(at - from) < 4 ? null : ends.map((one) => axis.value(one)).join("..");
        store.setFilter(withTerm(store.filter, axis.label, range));
      };
      element.addEventListener("pointermove", move);
      element.addEventListener("pointerup", end);
    }

    function drawLegend() {
      const scores = store.visible.map((trial) => store.cell(trial, "score")).filter((cell) => cell !== null);
      if (!scores.length) return replace(legend, h("p", { class: "note" }, "No trial has a score yet."));
      const ends = [scores.reduce((a, b) => Math.min(a, b)), scores.reduce((a, b) => Math.max(a, b))];
      if (!store.sweep.maximize) ends.reverse();
      return replace(legend, rampLegend(store.sweep.metric, ...ends.map((end) => shown(end, store.ofProgram))));
    }

    const redraw = onFrame(() => {
      drawLegend();
      draw();
    });
    const unsize = onResize(frame, (now) => {
      const longest = Math.max(10, ...store.parameters.map((column) => column.label.length));
      width = Math.max(now, Math.min(130, 16 + 7 * longest) * store.parameters.length + 150);
      canvas.style.width = over.style.width = `${width}px`;
      redraw();
    });
    const unscheme = onScheme(redraw);
    const stop = store.on((change) => change.opened || change.chosen || redraw());
    return {
      end() {
        stop();
        unsize();
        unscheme();
        cancelAnimationFrame(job);
      },
    };
  },
};

function chunks(trials) {
  const found = [];
  for (let from = 0; from < trials.length; from += CHUNK) found.push(trials.slice(from, from + CHUNK));
  return found;
}
