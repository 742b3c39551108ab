// The head of a sweep's page: its name, how far it is, its best trial.

import { h, replace } from "./dom.js";
import { clock, count, duration, metric, value } from "./format.js";
import { link } from "./route.js";

export const STATES = ["running", "completed", "stopped", "paused", "diverged", "failed", "interrupted", "dropped", "pending"];

export function header(store, place, controls) {
  const title = h("div", { class: "title" });
  const progress = h("div", { class: "progress" });
  const facts = h("dl", { class: "facts" });
  const element = h("header", { class: "head" }, h("div", { class: "top" }, title, controls), progress, facts);

  function draw() {
    const { sweep } = store;
    replace(title,
      place.single ? null : h("a", { href: "#", class: "up" }, "Sweeps"),
      place.single ? null : h("span", { class: "sep", "aria-hidden": "true" }, "/"),
      h("h1", {}, sweep.directory),
      h("span", { class: `status ${store.status}` }, store.status),
      store.readOnly ? h("span", { class: "status" }, "read-only") : null);
    replace(progress, bar(sweep.states), h("p", { class: "counts" }, counts(store)));
    replace(facts, described(store).map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
  }
  draw();
  store.on((change) => {
    if (!change.filter && !change.chosen && !change.opened) draw();
  });
  return element;
}

function bar(states) {
  const total = Object.values(states).reduce((sum, number) => sum + number, 0) || 1;
  const parts = STATES.filter((state) => states[state]).map((state) =>
    h("span", { class: `part ${state}`, style: { width: `${(100 * states[state]) / total}%` } }));
  return h("div", { class: "bar", "aria-hidden": "true" }, parts);
}

function counts(store) {
  const { states, ended } = store.sweep;
  const total = Math.max(store.rows.size, store.planned || 0);
  const parts = STATES.filter((state) => states[state]).map((state) =>
    h("span", { class: "count" }, h("i", { class: `dot ${state}`, "aria-hidden": "true" }), `${states[state].toLocaleString("en")} ${state}`));
  return [h("b", {}, `${ended.toLocaleString("en")} of ${count(total, "trial")} ended`), parts];
}

function described(store) {
  const { sweep } = store;
  const found = [];
  const ofProgram = store.ofProgram;
  if (sweep.best) {
    const score = h("a", { href: link({ sweep: store.name, trial: sweep.best.trial }), class: "best", onclick: (event) => openBest(event, store) },
      `${metric(sweep.best.score, ofProgram)}`);
    found.push([`best ${sweep.metric}`, [score, ` ${sweep.best.trial}`]]);
  } else if (sweep.metric) found.push([`best ${sweep.metric}`, "none yet"]);
  if (sweep.search) found.push(["search", sweep.search]);
  found.push([sweep.data ? "data" : "program", sweep.data ?? sweep.module ?? sweep.program ?? "–"]);
  if (sweep.train_images) found.push(["images", images(sweep)]);
  if (sweep.replicates > 1) found.push(["seeds", `${sweep.replicates} per setting`]);
  if (sweep.started) {
    const end = store.status === "running" ? Date.now() / 1000 : sweep.last_end;
    found.push(["started", `${clock(sweep.started)}${end ? `, ${store.status === "running" ? "for" : "took"} ${duration(end - sweep.started)}` : ""}`]);
  }
  if (sweep.ending) found.push(["ended by", sweep.ending]);
  if (sweep.constraints) found.push(["constraints", sweep.constraints.join(", ")]);
  if (sweep.description) found.push(["description", value(sweep.description)]);
  return found;
}

// Part of the training images may be set aside to validate.
function images(sweep) {
  const shares = typeof sweep.validation === "object" && sweep.validation !== null;
  return `${sweep.train_images.toLocaleString("en")} to train${shares ? " and validate" : ""}`;
}

function openBest(event, store) {
  event.preventDefault();
  store.open?.(store.sweep.best.trial);
}
