// The score by two parameters: the mean, or the best, of the trials of each cell.

import { choice, h, onFrame, onScheme, replace } from "../dom.js";
import { count, metric } from "../format.js";
import { withTerm } from "../filter.js";
import { inkOn, ramp, rampLegend } from "../ramp.js";
import { groupsOf } from "../scales.js";
import { t } from "../words.js";

export const heatMap = {
  label: ["Heat map", "Heatmap"],
  there: (store) => store.parameters.filter((one) => one.key !== "seed").length > 1,

  mount(where, store) {
    const names = () => store.parameters.filter((one) => one.key !== "seed").map((one) => one.label);
    const state = { x: null, y: null, of: "mean" };
    const frame = h("div", { class: "scroll-x" });
    const bar = h("div", { class: "toolbar" });
    const note = h("p", { class: "note" });
    replace(where, bar, frame, note);

    function pick() {
      const known = names();
      const swept = known.filter((name) => !["fold", "model"].includes(name));
      if (!known.includes(state.x)) [state.x] = swept.length ? swept : known;
      if (!known.includes(state.y) || state.y === state.x) state.y = [...swept, ...known].find((name) => name !== state.x);
    }

    function drawBar(ends) {
      replace(bar,
        choice(t("across", "waagrecht"), names().filter((name) => name !== state.y), state.x, (name) => ((state.x = name), draw())),
        choice(t("down", "senkrecht"), names().filter((name) => name !== state.x), state.y, (name) => ((state.y = name), draw())),
        choice(t("of a cell", "je Zelle"), [["mean", t("mean", "Mittel")], ["best", t("best", "Bestes")]], state.of, (kind) => ((state.of = kind), draw())),
        ends ? rampLegend(store.sweep.metric, ...ends.map((end) => metric(end, store.ofProgram))) : null);
    }

    function draw() {
      pick();
      const [across, down] = [state.x, state.y].map((name) => store.parameters.find((one) => one.label === name));
      const columns = groupsOf(store, across);
      const rows = groupsOf(store, down).reverse();
      const cells = filled(across, down, columns, rows);
      const scores = cells.flat().filter((cell) => cell.n).map((cell) => cell.score);
      if (!scores.length) {
        drawBar(null);
        replace(frame, h("p", { class: "empty" }, t("No trial has a score yet.", "Noch hat kein Trial einen Wert.")));
        return replace(note);
      }
      const [low, high] = [Math.min(...scores), Math.max(...scores)];
      drawBar(store.sweep.maximize ? [low, high] : [high, low]);
      const share = (score) => {
        const own = high === low ? 0.5 : (score - low) / (high - low);
        return store.sweep.maximize ? own : 1 - own;
      };
      const head = h("tr", {}, h("td"), columns.map((one) => h("th", { scope: "col" }, one.text)));
      const body = rows.map((row, i) => h("tr", {}, h("th", { scope: "row" }, row.text), columns.map((column, j) => h("td", {}, square(cells[i][j], share, column, row)))));
      replace(frame, h("table", { class: "heat" },
        h("caption", {}, t(`${state.of === "mean" ? "Mean" : "Best"} ${store.sweep.metric} by ${state.y} (down) and ${state.x} (across)`,
          `${store.sweep.metric} (${state.of === "mean" ? "Mittel" : "Bestes"}) nach ${state.y} (senkrecht) und ${state.x} (waagrecht)`)),
        h("tbody", {}, body, head)));
      replace(note, t("Each cell has the number of its trials. Click one to keep its trials.", "Jede Zelle nennt die Zahl ihrer Trials. Ein Klick behält diese."));
      return undefined;
    }

    function filled(across, down, columns, rows) {
      const [x, y, score] = [across.key, down.key, "score"].map((key) => store.index.get(key));
      const cells = rows.map(() => columns.map(() => ({ n: 0, score: null, sum: 0 })));
      for (const trial of store.visible) {
        const row = store.rows.get(trial);
        if (row[score] === null) continue;
        const cell = cells[rows.findIndex((one) => one.has(row[y]))]?.[columns.findIndex((one) => one.has(row[x]))];
        if (!cell) continue;
        cell.n += 1;
        cell.sum += row[score];
        const ahead = cell.score === null || (store.sweep.maximize ? row[score] > cell.score : row[score] < cell.score);
        if (ahead) cell.score = row[score];
      }
      if (state.of === "mean") cells.flat().forEach((cell) => cell.n && (cell.score = cell.sum / cell.n));
      return cells;
    }

    function square(cell, share, column, row) {
      if (!cell.n) return h("span", { class: "square none", title: t("no trial with a score", "kein Trial mit einem Wert") }, "");
      const colour = ramp(share(cell.score));
      const said = `${state.x} ${column.text}, ${state.y} ${row.text}: ${metric(cell.score, store.ofProgram)}, ${count(cell.n, "trial")}`;
      return h("button", {
        type: "button", class: "square", "aria-label": said, title: said,
        style: { background: `rgb(${colour.join(" ")})`, color: inkOn(colour) },
        onclick: () => store.setFilter(withTerm(withTerm(store.filter, state.x, column.condition), state.y, row.condition)),
      }, h("b", {}, metric(cell.score, store.ofProgram).replace(/^0\./, ".")), h("small", {}, `n ${cell.n}`));
    }

    const redraw = onFrame(draw);
    const unscheme = onScheme(redraw);
    const stop = store.on((change) => {
      // a menu that is open stays so
      if (change.opened || change.chosen || bar.contains(document.activeElement)) return;
      redraw();
    });
    draw();
    return {
      end() {
        stop();
        unscheme();
      },
    };
  },
};
