// Numbers, durations and times as the terminal shows them.

import { grouped, t } from "./words.js";

export const NONE = "–";

export function metric(value, ofProgram = false) {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (ofProgram && ((size > 0 && size < 1e-3) || size >= 1e7)) return minus(significant(value));
  return minus(size >= 1e4 && Number.isInteger(value) ? value.toFixed(0) : value.toFixed(4));
}

export function significant(value, digits = 4) {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return String(Number(value.toPrecision(digits)));
  return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
}

const minus = (text) => text.replace(/^-/, "−");

// A parameter's value with all its digits, as it can be typed after --set.
export function exact(cell) {
  if (cell === null || cell === undefined) return "null";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

// A parameter's value or a cell in short: enough to recognise it, and for the filter.
export function value(cell) {
  if (cell === null || cell === undefined) return NONE;
  if (typeof cell === "number") return minus(significant(cell));
  if (typeof cell === "object") return JSON.stringify(cell);
  return String(cell);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds); // before it is divided: 119.6 s are 2:00, not 1:60
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}:${pad(whole % 60)} min`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 2880) return `${Math.floor(minutes / 60)}:${pad(minutes % 60)} h`;
  return `${(minutes / 1440).toFixed(1)} d`;
}

const pad = (number) => String(number).padStart(2, "0");

export function clock(seconds) {
  if (!seconds) return NONE;
  const [day, time] = stamp(seconds).split(" ");
  return day === stamp(Date.now() / 1000).split(" ")[0] ? time : `${day} ${time}`;
}

// Day and time: 2026-11-24 10:15.
export function stamp(seconds) {
  const date = new Date(seconds * 1000);
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

// A number of things, in singular or plural; those of a report are known in German too.
export const count = (number, one, many = `${one}s`) => {
  const [single, several] = GERMAN[one] ?? [one, many];
  return `${grouped(number)} ${number === 1 ? t(one, single) : t(many, several)}`;
};

const GERMAN = {
  trial: ["Trial", "Trials"], "other trial": ["weiterer Trial", "weitere Trials"],
  setting: ["Einstellung", "Einstellungen"], "other setting": ["weitere Einstellung", "weitere Einstellungen"],
};
