// The filter of trials: terms that must all hold, such as
//   model=CNN2,CNN3   learning_rate=0.01..0.1   val_acc>0.5   state!=failed   t0012   pinned

import { t } from "./words.js";

const TERM = /^([^=<>!]+?)(!=|>=|<=|=|>|<)(.*)$/;

export function words(text) {
  return text.match(/(?:[^\s"]+|"[^"]*")+/g) ?? [];
}

// Splits a term into name, operator and value; null for a bare word.
export function parse(word) {
  const found = TERM.exec(word);
  return found && { name: found[1].replaceAll('"', ""), operator: found[2], text: found[3].replaceAll('"', "") };
}

function column(store, name) {
  const own = store.columns.find((one) => one.label === name || one.key === name);
  if (own) return own;
  return name === store.sweep?.metric ? store.columns.find((one) => one.key === "score") : null;
}

export function compile(text, store) {
  const tests = [];
  const problems = [];
  for (const word of words(text)) {
    const term = parse(word);
    if (!term) {
      tests.push(bare(word.replaceAll('"', "").toLowerCase()));
      continue;
    }
    const own = column(store, term.name);
    if (!own) problems.push(t(`no column ${term.name}`, `keine Spalte ${term.name}`));
    else tests.push(comparing(store.index.get(own.key), term));
  }
  return { any: tests.length > 0, problems, test: (row) => tests.every((test) => test(row)) };
}

const bare = (word) => (row) => row.some((cell) => typeof cell === "string" && cell.toLowerCase().includes(word));

function comparing(place, { operator, text }) {
  const number = Number(text);
  if (operator === "=" || operator === "!=") {
    const alternatives = text.split(",").map(equal);
    const wanted = operator === "=";
    return (row) => alternatives.some((test) => test(row[place])) === wanted;
  }
  const compare = { ">": (v) => v > number, "<": (v) => v < number, ">=": (v) => v >= number, "<=": (v) => v <= number }[operator];
  return (row) => typeof row[place] === "number" && compare(row[place]);
}

function equal(text) {
  const range = /^(-?[\d.eE+-]*?)\.\.(-?[\d.eE+-]*)$/.exec(text);
  if (range) {
    const low = range[1] === "" ? -Infinity : Number(range[1]);
    const high = range[2] === "" ? Infinity : Number(range[2]);
    return (cell) => typeof cell === "number" && cell >= low && cell <= high;
  }
  if (text === "" || text === "-" || text === "–") return (cell) => cell === null;
  const number = Number(text);
  return (cell) => String(cell) === text || (typeof cell === "number" && !Number.isNaN(number) && close(cell, number));
}

// What is shown to four digits can be typed so.
const close = (a, b) => a === b || Math.abs(a - b) <= 5e-4 * Math.abs(a);

// The text with the term on a column replaced; null removes it.
export function withTerm(text, label, condition) {
  const kept = words(text).filter((word) => parse(word)?.name !== label);
  const name = /\s/.test(label) ? `"${label}"` : label;
  if (condition !== null) kept.push(/\s/.test(condition) ? `${name}="${condition}"` : `${name}=${condition}`);
  return kept.join(" ");
}

// The ranges or values that the text asks of a column; null without a term on it.
export function termOn(text, label) {
  const term = words(text).map(parse).find((one) => one?.name === label && one.operator === "=");
  if (!term) return null;
  const range = /^(-?[\d.eE+-]*?)\.\.(-?[\d.eE+-]*)$/.exec(term.text);
  return range ? { low: Number(range[1]), high: Number(range[2]) } : { values: term.text.split(",") };
}
