// How much of the score each parameter explains, as the report computes it.

import { h, replace, s } from "../dom.js";
import { count } from "../format.js";
import { t } from "../words.js";

export const importance = {
  label: ["Importance", "Wichtigkeit"],
  there: (store) => store.parameters.length > 0,

  mount(where, store) {
    let ended = false;
    let found = null;

    async function read(again = false) {
      replace(where, h("p", { class: "empty" }, "Computing: a random forest over the settings takes some seconds …"));
      try {
        found = await store.ask(`analysis/importance${again ? "?again" : ""}`);
      } catch (error) {
        if (!ended) replace(where, h("p", { class: "empty" }, error.message));
        return;
      }
      if (!ended) draw();
    }

    function draw() {
      const again = store.live && h("button", { type: "button", onclick: () => read(true) }, "Compute again");
      const of = h("p", { class: "note" }, t(`Of ${count(found.settings, "setting")}.`, `Von ${found.settings === 1 ? "einer Einstellung" : count(found.settings, "setting")}.`));
      if (!found.rows.length) {
        replace(where, h("div", { class: "toolbar" }, of, again), h("p", { class: "empty" }, found.reason));
        return;
      }
      replace(where, h("div", { class: "toolbar" }, of, again), table(),
        h("p", { class: found.reliable ? "note" : "note warn" }, found.reason),
        h("p", { class: "note" }, t("Importance is the loss of R² on held-out settings when the parameter is shuffled, with its 95 % interval; the correlation is Spearman's with the score.",
          "Die Wichtigkeit ist der Verlust an R² auf zurückgehaltenen Einstellungen, wenn der Parameter gemischt wird, mit 95-%-Intervall; die Korrelation ist jene von Spearman mit dem Wert.")));
    }

    function table() {
      const rows = found.rows.filter((row) => row.value !== null);
      const low = Math.min(0, ...rows.map((row) => row.low ?? row.value));
      const high = Math.max(0.01, ...rows.map((row) => row.high ?? row.value));
      const x = (v) => 4 + (292 * (v - low)) / (high - low);
      const lines = rows.map((row) => h("tr", {},
        h("th", { scope: "row" }, row.parameter),
        h("td", { class: "wide" }, bar(row, x)),
        h("td", { class: "num" }, fixed(row.value)),
        h("td", { class: "num soft" }, row.low === null ? "–" : `${fixed(row.low)} ${t("to", "bis")} ${fixed(row.high)}`),
        h("td", { class: "num" }, row.correlation === null ? "–" : signed(row.correlation))));
      const head = [t("parameter", "Parameter"), t("importance", "Wichtigkeit"), "", t("95 % interval", "95-%-Intervall"), t("correlation", "Korrelation")];
      return h("div", { class: "scroll-x" }, h("table", { class: `bars ${found.reliable ? "" : "unsure"}` },
        h("thead", {}, h("tr", {}, head.map((text, i) => h("th", { scope: "col", class: i > 1 ? "num" : null }, text)))), h("tbody", {}, lines)));
    }

    read();
    return {
      end() {
        ended = true;
      },
    };
  },
};

const fixed = (v) => v.toFixed(2).replace(/^-0\.00$/, "0.00").replace("-", "−");
const signed = (v) => `${v < 0 ? "−" : "+"}${Math.abs(v).toFixed(2)}`;

function bar(row, x) {
  const from = Math.min(x(0), x(row.value));
  const line = row.low === null ? null : s("path", { class: "whisker", d: `M${x(row.low)} 11H${x(row.high)}M${x(row.low)} 7v8M${x(row.high)} 7v8` });
  return s("svg", { viewBox: "0 0 300 22", preserveAspectRatio: "none", "aria-hidden": "true", class: "bar-svg" },
    s("rect", { x: from, y: 4, width: Math.abs(x(row.value) - x(0)), height: 14, class: "fill" }), s("path", { class: "zero", d: `M${x(0)} 0v22` }), line);
}
