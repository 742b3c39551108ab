// Axes of parameters: linear, logarithmic, or one place a value.

import { literal } from "./filter.js";
import { metric, significant, value } from "./format.js";

const CLOSE = 0.05; // share of an axis that a line of words takes
const FEW = 12; // numbers with at most so many values have one place each where that is asked for

// An axis of a column: place(cell) is a share from 0 to 1, or null; value(share) is its inverse.
// `before` is the axis that it takes the place of; its ends stay while they fit.
export function axisOf(store, column, before = null) {
  const at = store.index.get(column.key);
  const cells = [...store.rows.values()].map((row) => row[at]);
  const known = cells.filter((cell) => cell !== null && cell !== undefined);
  const numeric = known.length > 0 && known.every((cell) => typeof cell === "number");
  const own = numeric ? numberAxis(store, column, known, before) : categories(cells);
  return { key: column.key, label: column.label, ...own };
}

function numberAxis(store, column, known, before) {
  const least = known.reduce((a, b) => Math.min(a, b));
  const most = known.reduce((a, b) => Math.max(a, b));
  const log = isLog(column, least, most);
  const [low, high] = before?.log === log ? steady(least, most, before) : [least, most];
  const f = log ? Math.log10 : (x) => x;
  const span = f(high) - f(low);
  const place = (cell) => {
    if (typeof cell !== "number" || (log && cell <= 0)) return null;
    return span === 0 ? 0.5 : (f(cell) - f(low)) / span;
  };
  const inverse = (share) => {
    if (share <= 0) return String(low); // in full, so that the last trial is within a range
    if (share >= 1) return String(high);
    const raw = f(low) + share * span;
    return significant(log ? 10 ** raw : raw, 4);
  };
  const show = column.key === "score" ? (v) => metric(v, store.ofProgram) : value;
  const distinct = new Set(known);
  const marks = distinct.size <= 6 ? [...distinct] : log ? decades(low, high) : nice(low, high);
  const ticks = apart(marks.map((cell) => ({ cell, share: place(cell), text: show(cell) })).filter((tick) => tick.share !== null));
  return { categorical: false, log, low, high, place, value: inverse, ticks };
}

// Ticks without those whose words would lie on another's.
function apart(ticks) {
  const kept = [];
  for (const tick of [...ticks].sort((a, b) => a.share - b.share)) {
    if (!kept.length || tick.share - kept[kept.length - 1].share >= CLOSE) kept.push(tick);
  }
  return kept;
}

// Ends of an axis that was there before: they stay while they fit, and have some room where they did
// not, so that what is drawn by them is not drawn anew whenever a score is the best so far.
function steady(least, most, before) {
  const [f, back] = before.log ? [Math.log10, (x) => 10 ** x] : [(x) => x, (x) => x];
  const fits = least >= before.low && most <= before.high;
  const span = f(most) - f(least);
  if (fits && span > 0.7 * (f(before.high) - f(before.low))) return [before.low, before.high];
  return [least < before.low ? back(f(least) - 0.1 * span) : least, most > before.high ? back(f(most) + 0.1 * span) : most];
}

// As the sweep file draws it; listed values over more than a decade and a half are logarithmic.
export function isLog(column, low, high) {
  if (low <= 0) return false;
  return column.log ?? high / low > 30;
}

function categories(cells) {
  const values = [...new Set(cells.map((cell) => cell ?? null))].sort((a, b) => String(a).localeCompare(String(b), "en", { numeric: true }));
  const places = new Map(values.map((cell, i) => [cell, values.length === 1 ? 0.5 : i / (values.length - 1)]));
  const ticks = values.map((cell) => ({ cell, share: places.get(cell), text: value(cell) }));
  return { categorical: true, values, place: (cell) => places.get(cell ?? null) ?? null, value: (share) => values[Math.round(share * (values.length - 1))], ticks };
}

export function nice(low, high, about = 5) {
  if (low === high) return [low];
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

function decades(low, high) {
  const found = [];
  const wide = Math.log10(high / low) > 3;
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const one of wide ? [1] : [1, 3]) {
      const mark = Number((one * 10 ** power).toPrecision(6));
      if (mark >= low * 0.999 && mark <= high * 1.001) found.push(mark);
    }
  }
  return found.length > 1 ? found : [low, high];
}

// The values of a column in groups: one a value where they are few, else ranges of equal size.
export function groupsOf(store, column, most = FEW) {
  const at = store.index.get(column.key);
  const cells = store.visible.map((trial) => store.rows.get(trial)[at] ?? null);
  const distinct = [...new Set(cells)];
  const numeric = distinct.every((cell) => cell === null || typeof cell === "number");
  if (distinct.length <= most || !numeric) {
    distinct.sort((a, b) => (numeric ? (a ?? -Infinity) - (b ?? -Infinity) : String(a).localeCompare(String(b), "en", { numeric: true })));
    return distinct.map((cell) => ({ text: value(cell), has: (other) => (other ?? null) === cell, condition: literal(cell) }));
  }
  const known = distinct.filter((cell) => cell !== null);
  const low = Math.min(...known);
  const high = Math.max(...known);
  const log = isLog(column, low, high);
  const f = log ? Math.log10 : (x) => x;
  const number = 6;
  return Array.from({ length: number }, (_, i) => {
    const ends = [i, i + 1].map((k) => {
      const raw = f(low) + (k / number) * (f(high) - f(low));
      return Number(significant(log ? 10 ** raw : raw, 3));
    });
    if (i === 0) ends[0] = Math.min(ends[0], low);
    if (i === number - 1) ends[1] = Math.max(ends[1], high);
    const last = i === number - 1;
    return {
      text: `${significant(ends[0], 2)}–${significant(ends[1], 2)}`,
      has: (cell) => cell !== null && cell >= ends[0] && (last ? cell <= ends[1] : cell < ends[1]),
      condition: `${ends[0]}..${ends[1]}`,
    };
  });
}
