// Requests to the process that runs a sweep, and what it answered.

import { post, sweepPath } from "./api.js";
import { h } from "./dom.js";
import { say } from "./poll.js";

// Places a request; true if the sweep does what it was asked for.
export async function steer(store, request, news) {
  say("Asking the sweep …");
  try {
    const answer = await post(sweepPath(store.name, "/requests"), request);
    say(sentence(answer.line), answer.state === "refused" ? "error" : "info");
    news?.now();
    if (answer.state !== "refused") setTimeout(() => say(""), 8000);
    return answer.state === "accepted";
  } catch (error) {
    say(error.message, "error");
    return false;
  }
}

const sentence = (line) => line.charAt(0).toUpperCase() + line.slice(1);

// Asks the reader; `fields` are elements with a name, whose values `done` gets.
export function dialog(title, text, fields, action, done, { danger = false } = {}) {
  const form = h("form", { method: "dialog" }, fields,
    h("div", { class: "row" }, h("button", { type: "button", onclick: () => element.close() }, "Cancel"),
      h("button", { class: danger ? "danger" : "primary", value: "go" }, action)));
  const element = h("dialog", { "aria-label": title }, h("h2", {}, title), h("p", { class: "note" }, text), form);
  form.addEventListener("submit", () => done(Object.fromEntries(new FormData(form))));
  element.addEventListener("close", () => element.remove());
  element.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(element);
  element.showModal();
}

export function numberField(label, name, value, most) {
  return h("label", { class: "choice" }, h("span", {}, label), h("input", { type: "number", name, value, min: "1", max: String(most), step: "1", required: true, autofocus: true }));
}
