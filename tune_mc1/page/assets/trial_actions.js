// What can be done with a trial: pin it, note something on it, stop it, run it again elsewhere.

import { stopTrials } from "./controls.js";
import { h, replace } from "./dom.js";
import { dialog, steer } from "./steer.js";

const GOING = ["running", "pending", "paused"];

export function trialActions(store, trial, reload) {
  const element = h("div", { class: "actions", role: "group", "aria-label": `Actions on ${trial}` });
  const news = { now: reload };
  let drawn = "";

  function draw(details) {
    const now = JSON.stringify([details.pinned, details.note, details.state, details.stopping, store.status, store.readOnly]);
    if (now === drawn) return;
    drawn = now;
    const runs = store.status === "running";
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    replace(element, store.readOnly ? null : [
      h("button", { type: "button", "data-act": "pin", "aria-pressed": String(details.pinned), onclick: () => steer(store, { ask: "pin", trial, pinned: !details.pinned }, news) }, details.pinned ? "Pinned" : "Pin"),
      h("button", { type: "button", "data-act": "note", onclick: () => note(details.note) }, details.note ? "Edit note" : "Note"),
      runs && GOING.includes(details.state) ? h("button", { type: "button", "data-act": "stop", class: "danger", disabled: details.stopping, onclick: () => stopTrials(store, [trial], news) }, details.stopping ? "Stopping" : "Stop") : null,
    ]);
    element.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  function note(text) {
    const area = h("textarea", { name: "text", rows: "4", maxlength: "2000", "aria-label": "Note", autofocus: true }, text);
    dialog(`Note on ${trial}`, "Plain text. An empty one removes the note.", area, "Save", (found) => steer(store, { ask: "note", trial, text: found.text.trim() }, news));
  }

  return { element, draw };
}
