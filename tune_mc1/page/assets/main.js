// Starts the page: the list of sweeps, or one of them, as the address says.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { route } from "./route.js";
import { sweepPage } from "./sweep_page.js";
import { sweepsPage } from "./sweeps_page.js";

const app = document.getElementById("app");
let shown = null; // the page

async function show() {
  const { sweep } = route();
  const place = await get("place").catch((error) => replace(app, h("p", { class: "empty" }, error.message)) && null);
  if (!place) return;
  const name = sweep ?? (place.single ? place.single : null);
  shown?.end();
  document.title = name ?? "Sweeps";
  shown = name === null ? sweepsPage(place) : sweepPage(name, place);
  replace(app, shown.element);
}

addEventListener("hashchange", show); // by a link or by hand: what the page itself changes is silent
show();
