// Starts the page: the list of sweeps, or one of them, as the address says.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { route } from "./route.js";
import { sweepPage } from "./sweep_page.js";
import { sweepsPage } from "./sweeps_page.js";

const app = document.getElementById("app");
let shown = null; // { key, end }

async function show() {
  const { sweep } = route();
  const place = await get("place").catch((error) => replace(app, h("p", { class: "empty" }, error.message)) && null);
  if (!place) return;
  const name = sweep ?? (place.single ? place.single : null);
  const key = name ?? "";
  if (shown?.key === key) return;
  shown?.end();
  document.title = name ?? "Sweeps";
  const page = name === null ? sweepsPage(place) : sweepPage(name, place);
  shown = { key, end: page.end };
  replace(app, page.element);
}

addEventListener("hashchange", show);
show();
