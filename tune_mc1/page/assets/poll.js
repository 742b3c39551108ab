// Asks for news while somebody looks, and not otherwise.

import { h, replace } from "./dom.js";

const notice = document.getElementById("notice");

export function say(text, kind = "info") {
  replace(notice, text ? h("p", { class: kind }, text) : null);
}

// Calls `work` again and again until ended; it returns the seconds until the next call.
export function poll(work) {
  let timer = 0;
  let ended = false;
  let lost = false;
  let busy = false;
  let again = false; // news were asked for while some were on their way

  async function turn() {
    if (ended || document.hidden) return;
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    let wait = 5;
    try {
      wait = await work();
      if (lost) say("");
      lost = false;
    } catch (error) {
      if (!ended) say(error.message, "error");
      lost = true;
    }
    busy = false;
    if (!ended) timer = setTimeout(turn, again ? 0 : wait * 1000);
    again = false;
  }
  function look() {
    clearTimeout(timer);
    turn();
  }
  document.addEventListener("visibilitychange", look);
  turn();
  return {
    now: look,
    end() {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    },
  };
}
