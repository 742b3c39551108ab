// Elements from plain calls: h("td", { class: "num" }, text). Text is never parsed as HTML.

export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value); // not markup: the policy allows it
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A labelled select; `options` are texts, or pairs of value and text.
export function choice(label, options, value, onchange) {
  const items = options.map((one) => {
    const [key, text] = Array.isArray(one) ? one : [one, one];
    return h("option", { value: key, selected: key === value }, text);
  });
  const select = h("select", { onchange: (event) => onchange(event.target.value) }, items);
  return h("label", { class: "choice" }, h("span", {}, label), select);
}

// Calls `work` at most once a frame.
export function onFrame(work) {
  let asked = 0;
  const run = () => {
    asked = 0;
    work();
  };
  return () => {
    if (!asked) asked = requestAnimationFrame(run);
  };
}

// Calls `work` whenever the width of an element changes; returns what ends it.
export function onResize(element, work) {
  let width = 0;
  const observer = new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === width || now === 0) return;
    width = now;
    work(now);
  });
  observer.observe(element);
  return () => observer.disconnect();
}

let ground = document.documentElement;

// The element whose style has the colours of figures.
export function drawOn(element) {
  ground = element;
}

export function token(name) {
  return getComputedStyle(ground).getPropertyValue(name).trim();
}

// Calls `work` when the reader's system changes between light and dark.
export function onScheme(work) {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", work);
  return () => query.removeEventListener("change", work);
}
