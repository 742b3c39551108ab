// Settings with the mean of their runs, its interval, and whether they are tied with the best.

import { h, onFrame, replace, s } from "../dom.js";
import { count, metric, value } from "../format.js";
import { t } from "../words.js";

const MOST = 100;

export const settings = {
  label: ["Settings", "Einstellungen"],
  there: (store) => Boolean(store.sweep.metric),

  mount(where, store, open) {
    let version = -1;
    let ended = false;
    let waits = 0;

    async function read() {
      if (version === store.version || document.hidden) return;
      version = store.version;
      let found;
      try {
        found = await store.ask("settings");
      } catch (error) {
        if (!ended) replace(where, h("p", { class: "empty" }, error.message));
        return;
      }
      if (!ended) draw(found);
    }

    function draw(found) {
      const scored = found.settings.filter((one) => one.mean !== null);
      if (!scored.length) {
        replace(where, h("p", { class: "empty" }, t("No setting has a score yet.", "Noch hat keine Einstellung einen Wert.")));
        return;
      }
      const rows = scored.slice(0, MOST);
      const ends = rows.flatMap((one) => [one.low ?? one.mean, one.high ?? one.mean]);
      const [low, high] = [Math.min(...ends), Math.max(...ends)];
      const x = (v) => 6 + (188 * (v - low)) / (high - low || 1);
      const head = ["", ...found.parameters, t(`mean ${store.sweep.metric}`, `${store.sweep.metric} (Mittel)`), "", t("95 % interval", "95-%-Intervall"), t("runs", "Läufe"), t("trials", "Trials")];
      const numbers = (cells) => cells.length > 0 && cells.every((cell) => typeof cell === "number");
      const known = (i) => rows.map((one) => one.values[i]).filter((cell) => cell !== null);
      const numeric = new Set(found.parameters.map((_, i) => i + 1).filter((i) => numbers(known(i - 1))));
      const body = rows.map((one) => h("tr", { class: one.place === 1 ? "first" : null },
        h("td", { class: "num soft" }, String(one.place)),
        one.values.map((cell, i) => h("td", { class: numeric.has(i + 1) ? "num" : null }, value(cell))),
        h("td", { class: "num" }, metric(one.mean, store.ofProgram)),
        h("td", {}, interval(one, x)),
        h("td", { class: "num soft" }, one.low === null ? "–" : `${metric(one.low, store.ofProgram)} ${t("to", "bis")} ${metric(one.high, store.ofProgram)}`),
        h("td", { class: "num" }, String(one.n)),
        h("td", {}, one.trials.slice(0, 6).map((trial) => [h("button", { type: "button", class: "link", onclick: () => open(trial) }, trial), " "]), one.tied ? h("span", { class: "tag", title: t("Cannot be told apart from the best", "Nicht von der besten zu unterscheiden") }, t("tied", "gleichauf")) : null)));
      const heads = head.map((text, i) => h("th", { scope: "col", class: numeric.has(i) || [1, 3, 4].includes(i - found.parameters.length) ? "num" : null }, text));
      const more = found.total > rows.length ? t(` The best ${rows.length} of ${count(found.total, "setting")}.`, ` Die besten ${rows.length} von ${count(found.total, "setting")}.`) : "";
      const tied = scored.filter((one) => one.tied).length;
      const lead = tied ? t(`${count(tied, "other setting")} cannot be told apart from the best. `, `Nicht von der besten zu unterscheiden: ${count(tied, "other setting")}. `) : "";
      replace(where, h("div", { class: "scroll-x tall" }, h("table", { class: "bars" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, body))),
        h("p", { class: "note" }, `${lead}${t("An interval needs three runs of a setting (seeds or folds).", "Ein Intervall braucht drei Läufe einer Einstellung (Seeds oder Folds).")}${more}`));
    }

    const later = onFrame(() => {
      clearTimeout(waits); // at most every three seconds
      waits = setTimeout(read, version === -1 ? 0 : 3000);
    });
    const stop = store.on((change) => change.opened || change.chosen || change.filter || later());
    read();
    return {
      end() {
        ended = true;
        clearTimeout(waits);
        stop();
      },
    };
  },
};

function interval(one, x) {
  const line = one.low === null ? null : s("path", { class: "whisker", d: `M${x(one.low)} 9H${x(one.high)}M${x(one.low)} 5v8M${x(one.high)} 5v8` });
  return s("svg", { viewBox: "0 0 200 18", width: 200, height: 18, "aria-hidden": "true" }, s("path", { class: "zero", d: "M6 9H194" }), line, s("circle", { cx: x(one.mean), cy: 9, r: 3.5, class: "on" }));
}
