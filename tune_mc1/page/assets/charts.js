// Line charts by uPlot, in the page's colours, light and dark.

import { onResize, onScheme, token } from "./dom.js";
import { significant, stamp } from "./format.js";

const SERIES = 7;
const DAY_S = 86400;

export const colour = (number) => token(`--series-${(number % SERIES) + 1}`);

// Draws series { label, points: [xs, ys], color, dash } into an element.
//
// Options: height, xLabel, yLabel, format of a y value, formatX of an x value, logY, stepped, legend,
// range() of the y axis, background() with curves that are drawn faintly, onPick(x, y, chart) for a
// click, with values of both scales.
export function lineChart(where, options) {
  let plot = null;
  let series = [];
  let labels = "";
  where.classList.add("chart");

  function update(next) {
    series = next;
    const now = JSON.stringify(series.map((one) => [one.label, one.color, one.dash]));
    if (plot && now === labels) {
      plot.setData(aligned(series));
      return;
    }
    labels = now;
    create();
  }

  function create() {
    plot?.destroy();
    plot = null;
    if (where.clientWidth === 0) return; // the first change of its width draws it
    plot = new globalThis.uPlot(described(where.clientWidth), aligned(series), where);
    plot.root.querySelector("canvas").setAttribute("aria-hidden", "true");
    if (options.onPick) {
      plot.over.addEventListener("click", (event) => {
        if (plot.cursor.left >= 0) options.onPick(plot.posToVal(plot.cursor.left, "x"), plot.posToVal(plot.cursor.top, "y"), plot, event);
      });
    }
  }

  function described(width) {
    const axis = { stroke: token("--soft"), grid: { stroke: token("--grid"), width: 1 }, ticks: { stroke: token("--grid"), width: 1, size: 4 }, font: `11px ${token("--sans")}` };
    const format = options.format ?? significant;
    return {
      width, height: options.height, pxAlign: 0,
      cursor: { y: false, points: { size: 6 }, drag: { x: true, y: false }, focus: { prox: 12 } },
      focus: { alpha: 0.35 },
      legend: { show: options.legend !== false && series.length > 0, live: true },
      scales: {
        x: { time: Boolean(options.time), range: options.rangeX },
        y: { distr: options.logY ? 3 : 1, ...(options.range ? { range: options.range } : {}) },
      },
      axes: [
        { ...axis, label: options.xLabel, labelSize: 18, size: options.time ? 44 : 30, labelFont: `11px ${token("--sans")}`, ...(options.time ? { values: times } : { values: (_, ticks) => ticks.map((v) => (options.formatX ?? whole)(v)), incrs: options.whole === false ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000] }) },
        { ...axis, size: 56, values: (_, ticks) => ticks.map((v) => (v === null ? "" : significant(v))) },
      ],
      series: [
        { label: options.xLabel ?? "", value: (_, v) => (v === null ? "–" : (options.formatX ?? whole)(v)) },
        ...series.map((one, number) => ({
          label: one.label, stroke: one.color ?? colour(number), width: one.width ?? 1.75, dash: one.dash, spanGaps: true,
          points: { show: one.points[0].length < 2 || one.dots, size: 5 }, value: (_, v) => format(v),
          paths: options.stepped ? globalThis.uPlot.paths.stepped({ align: 1 }) : undefined,
        })),
      ],
      hooks: { drawAxes: [(u) => options.background && faint(u, options.background())] },
    };
  }

  const unsize = onResize(where, (width) => (plot ? plot.setSize({ width, height: options.height }) : create()));
  const unscheme = onScheme(create);
  return {
    update,
    get plot() {
      return plot;
    },
    end() {
      unsize();
      unscheme();
      plot?.destroy();
    },
  };
}

// Times of ticks as the page has them elsewhere, with the day where it changes.
function times(_, ticks, __, ___, step) {
  let before = null;
  return ticks.map((tick) => {
    const [day, time] = stamp(tick).split(" ");
    const text = day === before ? time : step < DAY_S ? `${time}\n${day}` : day;
    before = day;
    return text;
  });
}

const whole = (value) => (value === null ? "" : String(Math.round(value * 100) / 100));

// One ascending column of x for all series; where one has no value it is null.
function aligned(series) {
  const xs = [...new Set(series.flatMap((one) => one.points[0]))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, number) => [x, number]));
  const columns = series.map(({ points: [own, values] }) => {
    const column = new Array(xs.length).fill(null);
    own.forEach((x, number) => {
      column[place.get(x)] = values[number];
    });
    return column;
  });
  return [xs, ...columns];
}

// A curve of one epoch, as of a trial that was stopped at the first rung.
function dot(path, x, y) {
  const radius = 1.5 * devicePixelRatio;
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

// All curves as one path, which is fast.
function faint(u, curves) {
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  const path = new Path2D();
  for (const [xs, ys] of curves) {
    let [points, x, y] = [0, 0, 0];
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] === null) continue;
      x = u.valToPos(xs[i], "x", true);
      y = u.valToPos(ys[i], "y", true);
      if (points) path.lineTo(x, y);
      else path.moveTo(x, y);
      points += 1;
    }
    if (points === 1) dot(path, x, y);
  }
  ctx.strokeStyle = token("--faint-line");
  ctx.lineWidth = devicePixelRatio;
  ctx.stroke(path);
  ctx.restore();
}
