// Colours of ordered values, from low to high, even in lightness (viridis, as in the report).

import { h } from "./dom.js";

const STOPS = [
  [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
  [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [253, 231, 37],
];

const dark = matchMedia("(prefers-color-scheme: dark)");

// The colour of a share from 0 to 1. The end that would vanish on the page's ground is left out.
export function ramp(share) {
  const [from, to] = dark.matches ? [0.16, 1] : [0, 0.93];
  const at = (from + Math.min(1, Math.max(0, share)) * (to - from)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(at));
  return STOPS[low].map((part, i) => Math.round(part + (at - low) * (STOPS[low + 1][i] - part)));
}

export const rampColour = (share) => `rgb(${ramp(share).join(" ")})`;

// Black or white, whichever is read better on a colour.
export function inkOn([red, green, blue]) {
  const light = [red, green, blue].map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.18 ? "#000" : "#fff";
}

export function rampLegend(name, low, high) {
  const steps = Array.from({ length: 9 }, (_, i) => rampColour(i / 8)).join(", ");
  return h("div", { class: "ramp" }, h("span", {}, name), h("span", { class: "num" }, low),
    h("i", { "aria-hidden": "true", style: { background: `linear-gradient(to right, ${steps})` } }), h("span", { class: "num" }, high));
}
