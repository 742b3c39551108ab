// A trial's log, whose end is followed while the reader is there.

import { get, sweepPath } from "./api.js";
import { h } from "./dom.js";

const MOST = 400_000; // characters that are kept

export function logView(store, trial) {
  const text = h("pre", { class: "log", tabindex: "0", "aria-label": `Log of ${trial}` });
  const note = h("p", { class: "note" });
  const element = h("div", {}, h("h3", {}, "Log"), note, text);
  let end = null;
  let busy = false;
  let over = false;
  let details = null;

  async function next() {
    if (busy || over) return;
    busy = true;
    try {
      const start = end === null ? "" : `?start=${end}`;
      const part = await get(sweepPath(store.name, `/trials/${encodeURIComponent(trial)}/log${start}`));
      const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
      if (part.fresh || end === null) text.textContent = part.text;
      else if (part.text) text.append(part.text);
      if (text.textContent.length > MOST) text.textContent = text.textContent.slice(-MOST);
      end = part.end;
      if (part.cut) note.textContent = `The end of ${details?.log ?? "the log"}`;
      else note.textContent = details?.log ?? "";
      if (end === 0) note.textContent = details?.log ? `${details.log} is empty so far.` : "It has not started, so it has no log yet.";
      text.hidden = end === 0;
      if (atEnd) text.scrollTop = text.scrollHeight;
    } catch (error) {
      note.textContent = error.message;
    }
    busy = false;
  }

  const timer = setInterval(() => {
    if (details?.state === "running" && !document.hidden) next();
  }, 2000);
  return {
    element,
    read(found) {
      details = found;
      next();
    },
    end() {
      over = true;
      clearInterval(timer);
    },
  };
}
