// The filter of trials: terms that must all hold, such as
//   model=CNN2,CNN3   learning_rate=0.01..0.1   val_acc>0.5   state!=failed   t0012   pinned

import { t } from "./words.js";

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"`;
const WORD = new RegExp(`(?:[^\\s"]|${QUOTED})+`, "g");
const TERM = new RegExp(`^((?:[^=<>!"]|${QUOTED})+)(!=|>=|<=|=|>|<)(.*)$`, "s");
const ALTERNATIVE = new RegExp(`(?:[^,"]|${QUOTED})+`, "g");
const RANGE = /^([-−]?[\d.eE+-]*?)\.\.([-−]?[\d.eE+-]*)$/;

export function words(text) {
  return text.match(WORD) ?? [];
}

// Text between quotes holds blanks, commas and signs; a backslash stands before a quote in it.
const unquoted = (text) => text.replace(new RegExp(QUOTED, "g"), (part) => part.slice(1, -1).replace(/\\(.)/gs, "$1"));
const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;

// Splits a term into name, operator and values as they are written; null for a bare word.
export function parse(word) {
  const found = TERM.exec(word);
  return found && { name: unquoted(found[1]), operator: found[2], values: found[3].match(ALTERNATIVE) ?? [""] };
}

function column(store, name) {
  const own = (key) => store.columns.find((one) => one.group === "parameter" && one[key] === name) ?? store.columns.find((one) => one[key] === name);
  return own("label") ?? own("key") ?? (name === store.sweep?.metric ? store.columns.find((one) => one.key === "score") : null);
}

export function compile(text, store) {
  const tests = [];
  const problems = [];
  for (const word of words(text)) {
    const term = parse(word);
    if (!term) {
      tests.push(bare(unquoted(word).toLowerCase()));
      continue;
    }
    const own = column(store, term.name);
    if (!own) problems.push(t(`no column ${term.name}`, `keine Spalte ${term.name}`));
    else tests.push(comparing(store.index.get(own.key), term));
  }
  return { any: tests.length > 0, problems, test: (row) => tests.every((test) => test(row)) };
}

const bare = (word) => (row) => row.some((cell) => typeof cell === "string" && cell.toLowerCase().includes(word));

function comparing(place, { operator, values }) {
  if (operator === "=" || operator === "!=") {
    const alternatives = values.map(equal);
    const wanted = operator === "=";
    return (row) => alternatives.some((test) => test(row[place])) === wanted;
  }
  const number = numberOf(values[0]);
  const compare = { ">": (v) => v > number, "<": (v) => v < number, ">=": (v) => v >= number, "<=": (v) => v <= number }[operator];
  return (row) => typeof row[place] === "number" && compare(row[place]);
}

function equal(written) {
  if (written.startsWith('"')) return (cell) => cell !== null && String(cell) === unquoted(written);
  const range = rangeOf(written);
  if (range) return (cell) => typeof cell === "number" && cell >= range.low && cell <= range.high;
  if (["", "-", "–", "null"].includes(written)) return (cell) => cell === null || String(cell) === written;
  const text = unquoted(written);
  const number = numberOf(text);
  return (cell) => String(cell) === text || (typeof cell === "number" && !Number.isNaN(number) && close(cell, number));
}

const numberOf = (text) => (text === "" ? NaN : Number(text.replace("−", "-"))); // as the page writes it

function rangeOf(text) {
  const found = RANGE.exec(text);
  if (!found) return null;
  const [low, high] = [numberOf(found[1]), numberOf(found[2])];
  return { low: found[1] === "" ? -Infinity : low, high: found[2] === "" ? Infinity : high };
}

// What is shown to four digits can be typed so.
const close = (a, b) => a === b || Math.abs(a - b) <= 5e-4 * Math.abs(a);

// A cell as a term has it: text that could be anything else is quoted.
export function literal(cell) {
  if (cell === null || cell === undefined) return "-";
  if (typeof cell !== "string") return String(cell);
  const plain = cell !== "" && !/[\s",]|\.\./.test(cell) && !["-", "–", "null"].includes(cell);
  return plain ? cell : quoted(cell);
}

// The text with the term on a column replaced; null removes it. The condition is a range, or values
// as `literal` writes them.
export function withTerm(text, label, condition) {
  const kept = words(text).filter((word) => parse(word)?.name !== label);
  const name = /[\s"=<>!]/.test(label) ? quoted(label) : label;
  if (condition !== null) kept.push(`${name}=${condition}`);
  return kept.join(" ");
}

// The range or the values that the text asks of a column; null without a term on it.
export function termOn(text, label) {
  const term = words(text).map(parse).find((one) => one?.name === label && one.operator === "=");
  if (!term) return null;
  return (term.values.length === 1 && rangeOf(term.values[0])) || { values: term.values };
}
