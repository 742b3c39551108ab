// What the page shows, in the part of its address after #, so that it survives a reload.

export function route() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

// Changes some of it; null removes. A step back in the browser undoes it if `step` is set.
export function go(changes, { step = false } = {}) {
  const now = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") now.delete(name);
    else now.set(name, value);
  }
  const hash = `#${now}`;
  if (hash === location.hash) return;
  if (step) location.hash = hash;
  else history.replaceState(null, "", `${location.pathname}${location.search}${hash}`);
}

export const link = (values) => `#${new URLSearchParams(values)}`;
