// The winner's confusion matrix and the test images that it got wrong.

import { h, replace } from "../dom.js";
import { count } from "../format.js";

const FIRST = 60;

export const mistakes = {
  label: ["Mistakes", "Fehler"],
  there: (store) => store.sweep.mistakes,

  mount(where, store, open) {
    let ended = false;
    let found = null;
    let pair = null; // true and predicted class
    let most = FIRST;

    async function read() {
      replace(where, h("p", { class: "empty" }, "Reading the winner's predictions and the images …"));
      try {
        found = await store.ask("analysis/mistakes");
      } catch (error) {
        if (!ended) replace(where, h("p", { class: "empty" }, error.message));
        return;
      }
      if (!ended) draw();
    }

    function draw() {
      const right = found.images - found.wrong;
      const lead = h("p", { class: "note" }, h("button", { type: "button", class: "link", onclick: () => open(found.trial) }, found.trial),
        ` is right on ${right.toLocaleString("en")} of ${count(found.images, "test image")} (${((100 * right) / found.images).toFixed(1)}\u00a0%). Click a cell to see its mistakes.`);
      replace(where, lead, h("div", { class: "side-by-side" }, matrix(), grid()));
    }

    function matrix() {
      const { classes } = found;
      const rows = found.matrix.map((row) => row.reduce((sum, n) => sum + n, 0));
      const head = h("tr", {}, h("td"), classes.map((name) => h("th", { scope: "col" }, h("span", {}, name))));
      const body = classes.map((name, i) => h("tr", {}, h("th", { scope: "row" }, name), classes.map((_, j) => h("td", {}, cell(i, j, rows[i])))));
      return h("div", { class: "scroll-x" }, h("table", { class: "confusion" }, h("caption", {}, "True class (down), predicted class (across)"), h("thead", {}, head), h("tbody", {}, body)));
    }

    function cell(i, j, total) {
      const n = found.matrix[i][j];
      const share = total ? n / total : 0;
      const chosen = pair !== null && pair[0] === i && pair[1] === j;
      const style = { "--share": share.toFixed(3) };
      const kind = `count-cell ${i === j ? "right" : "wrong"} ${share > 0.5 ? "full" : ""} ${chosen ? "chosen" : ""}`;
      const element = i === j || n === 0
        ? h("span", { class: kind }, n || "")
        : h("button", { type: "button", class: kind, "aria-pressed": String(chosen), "aria-label": `${count(n, "image")} of ${found.classes[i]} taken for ${found.classes[j]}`, onclick: () => {
            pair = chosen ? null : [i, j];
            most = FIRST;
            draw();
          } }, String(n));
      element.style.setProperty("--share", style["--share"]);
      return element;
    }

    function grid() {
      if (found.why) return h("p", { class: "empty" }, `The images are not available: ${found.why}`);
      const own = found.mistakes.map((one, place) => [one, place]).filter(([one]) => pair === null || (one[1] === pair[0] && one[2] === pair[1]));
      if (!own.length) return h("p", { class: "empty" }, found.wrong ? "None." : "It makes no mistake.");
      const total = pair === null ? found.wrong : found.matrix[pair[0]][pair[1]];
      const title = pair === null ? "Most confident mistakes" : `${found.classes[pair[0]]} taken for ${found.classes[pair[1]]}`;
      const images = own.slice(0, most).map(([one, place]) => h("li", {}, h("button", { type: "button", onclick: () => enlarge(one, place), "aria-label": said(one) }, tile(place, 64), pair === null ? [h("small", {}, `${found.classes[one[1]]} →`), h("span", {}, found.classes[one[2]])] : null, h("small", {}, percent(one[3])))));
      const more = own.length > most ? h("button", { type: "button", onclick: () => {
        most += FIRST;
        draw();
      } }, `Show ${Math.min(FIRST, own.length - most)} more`) : null;
      return h("div", {}, h("h3", {}, title, h("span", { class: "soft" }, ` ${own.length.toLocaleString("en")} of ${total.toLocaleString("en")}`)), h("ul", { class: "images" }, images), more);
    }

    const said = ([image, label, guess, sure]) => `Test image ${image}: ${found.classes[label]}, taken for ${found.classes[guess]} with ${percent(sure)}`;

    // One image out of the picture of all.
    function tile(place, side) {
      const [width, height] = found.tile;
      const zoom = side / Math.max(width, height);
      const column = place % found.columns;
      const row = Math.floor(place / found.columns);
      return h("i", { class: "tile", "aria-hidden": "true", style: {
        width: `${width * zoom}px`, height: `${height * zoom}px`, backgroundImage: `url(${found.picture})`,
        backgroundSize: `${found.columns * width * zoom}px auto`, backgroundPosition: `${-column * width * zoom}px ${-row * height * zoom}px`,
      } });
    }

    function enlarge(one, place) {
      const dialog = h("dialog", { class: "enlarged", "aria-label": said(one) }, tile(place, 320),
        h("dl", { class: "facts tall" }, [["true class", found.classes[one[1]]], ["predicted", `${found.classes[one[2]]}, ${percent(one[3])}`], ["test image", String(one[0])], ["trial", found.trial]].map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
        h("form", { method: "dialog" }, h("button", { autofocus: true }, "Close")));
      dialog.addEventListener("close", () => dialog.remove());
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      document.body.append(dialog);
      dialog.showModal();
    }

    read();
    return {
      end() {
        ended = true;
      },
    };
  },
};

const percent = (share) => `${(100 * share).toFixed(0)}\u00a0%`;
