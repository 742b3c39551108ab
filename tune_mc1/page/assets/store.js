// A sweep in the browser: its trials, its learning curves, what of it is filtered and chosen.

import { get, sweepPath } from "./api.js";
import { compile } from "./filter.js";

const BROKEN = ["diverged", "failed"]; // they rank after the others

export class Store {
  constructor(name) {
    this.name = name;
    this.version = 0;
    this.status = "";
    this.sweep = null;
    this.columns = [];
    this.rows = new Map(); // cells by trial, in the order of the plan
    this.curves = new Map(); // by metric: { version, points: Map of trial to [epochs, values] }
    this.filter = "";
    this.visible = []; // trials that the filter lets through
    this.chosen = new Set(); // trials that are drawn in colour
    this.readOnly = false;
    this.live = true; // whether its server is asked for more
    this.listeners = new Set();
  }

  // Reads what has changed; true if anything has.
  async refresh() {
    const found = await get(sweepPath(this.name, `?since=${this.version}`));
    const changed = found.version !== this.version || found.status !== this.status;
    this.status = found.status;
    if (found.sweep) this.apply(found);
    if (changed) this.tell({ full: found.full, rows: found.rows?.map((row) => row[0]) ?? [] });
    return changed;
  }

  // What the server tells of the sweep beside its trials.
  ask(path) {
    return get(sweepPath(this.name, `/${path}`));
  }

  apply(found) {
    this.version = found.version;
    this.sweep = found.sweep;
    if (found.full) {
      this.columns = found.columns;
      this.fixed = found.fixed;
      this.metrics = found.metrics;
      this.planned = found.planned;
      this.index = new Map(found.columns.map((column, place) => [column.key, place]));
      this.rows = new Map();
    }
    for (const row of found.rows) this.rows.set(row[0], row);
    this.passes = compile(this.filter, this);
    this.select();
  }

  select() {
    const ids = [...this.rows.keys()];
    this.visible = this.passes.any ? ids.filter((id) => this.passes.test(this.rows.get(id))) : ids;
  }

  setFilter(text) {
    this.filter = text;
    this.passes = compile(text, this);
    this.select();
    this.tell({ filter: true });
  }

  choose(trial, on) {
    if (on) this.chosen.add(trial);
    else this.chosen.delete(trial);
    this.tell({ chosen: true });
  }

  cell(trial, key) {
    return this.rows.get(trial)?.[this.index.get(key)] ?? null;
  }

  get ofProgram() {
    return this.sweep?.unit === "iteration";
  }

  get parameters() {
    return this.columns.filter((column) => column.group === "parameter");
  }

  // Whether a trial ranks after those that ended well, whatever its score.
  isBroken(row) {
    return this.sweep.rank === "ended" && BROKEN.includes(row[this.index.get("state")]);
  }

  // Trials with a score, best first and broken ones last, of those that the filter lets through.
  ranked() {
    const sign = this.sweep.maximize ? -1 : 1;
    const scored = this.visible.filter((trial) => this.cell(trial, "score") !== null);
    const broken = (trial) => Number(this.isBroken(this.rows.get(trial)));
    return scored.sort((a, b) => broken(a) - broken(b) || sign * (this.cell(a, "score") - this.cell(b, "score")));
  }

  // Brings the learning curves of a metric up to date.
  async readCurves(metric) {
    const own = this.curves.get(metric) ?? { version: 0, points: new Map() };
    if (own.version === this.version) return own.points;
    const found = await this.ask(`curves?metric=${encodeURIComponent(metric)}&since=${own.version}`);
    if (found.full) own.points = new Map();
    for (const [trial, points] of Object.entries(found.curves)) add(own.points, trial, points);
    own.version = found.version;
    this.curves.set(metric, own);
    return own.points;
  }

  on(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(change) {
    for (const listener of [...this.listeners]) listener(change);
  }
}

// Adds points to a curve; an epoch that ran again takes the place of what it was.
function add(curves, trial, points) {
  const [epochs, values] = curves.get(trial) ?? [[], []];
  for (const [epoch, value] of points) {
    if (epochs.length === 0 || epoch > epochs[epochs.length - 1]) {
      epochs.push(epoch);
      values.push(value);
      continue;
    }
    const place = epochs.indexOf(epoch);
    if (place >= 0) values[place] = value;
  }
  curves.set(trial, [epochs, values]);
}
