// Steering a sweep: how many trials run at once, more of them, its end.

import { h, replace } from "./dom.js";
import { count } from "./format.js";
import { dialog, numberField, steer } from "./steer.js";

const GROWS = ["random", "bayes"]; // searches that can have more trials

export function controls(store, news) {
  const element = h("div", { class: "controls", role: "group", "aria-label": "Steer the sweep" });
  let drawn = "";

  function draw() {
    const chosen = [...store.chosen].filter((trial) => ["running", "pending", "paused"].includes(store.cell(trial, "state")));
    const now = JSON.stringify([store.status, store.sweep.size, store.readOnly, chosen]);
    if (now === drawn) return; // a button that has the focus stays
    drawn = now;
    if (store.readOnly || store.status !== "running") {
      replace(element);
      return;
    }
    replace(element,
      chosen.length ? button(`Stop ${count(chosen.length, "chosen trial")}`, () => stopTrials(store, chosen, news), "danger") : null,
      button(store.sweep.size ? `At once: ${store.sweep.size}` : "Resize …", resize),
      GROWS.includes(store.sweep.method) ? button("Add trials …", add) : null,
      button("Stop sweep …", stop, "danger"));
  }

  const button = (text, onclick, kind) => h("button", { type: "button", class: kind, onclick }, text);

  function resize() {
    const now = store.sweep.size ?? Math.max(1, store.sweep.states.running ?? 1);
    dialog("Trials at once", "Each trial counts, also those that are trained as one model. Trials that run go on to their end; the number counts from then on.", numberField("At most", "most", now, 100000), "Resize",
      ({ most }) => steer(store, { ask: "resize", max_concurrent: Number(most) }, news));
  }

  function add() {
    dialog("Add trials", "The search draws so many settings more, each with its seeds and folds.", numberField("Settings", "more", 5, 100000), "Add",
      ({ more }) => steer(store, { ask: "add", more: Number(more) }, news));
  }

  function stop() {
    dialog("Stop the sweep?", "As Ctrl-C does: what its trials have is kept, and the sweep can be resumed.", [], "Stop the sweep",
      () => steer(store, { ask: "stop_sweep" }, news), { danger: true });
  }

  store.on(draw);
  draw();
  return element;
}

export function stopTrials(store, trials, news) {
  const what = trials.length === 1 ? trials[0] : count(trials.length, "trial");
  dialog(`Stop ${what}?`, "A trial that runs stops with the epoch that it is in, and keeps its results and checkpoints.", [], "Stop",
    () => steer(store, { ask: "stop_trials", trials }, news), { danger: true });
}
