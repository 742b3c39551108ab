// The language of the figures: English, and German in a report that is written in German.

let german = false;

export function speak(language) {
  german = language === "de";
}

// A text in the reader's language; its German stands beside it.
export const t = (english, inGerman) => (german ? inGerman : english);

export const grouped = (number) => number.toLocaleString(german ? "de-CH" : "en");

// The unit of a history: epoch, or iteration of a program.
export const unit = (store, { many = false } = {}) => {
  const [one, more] = store.ofProgram ? [t("iteration", "Iteration"), t("iterations", "Iterationen")] : [t("epoch", "Epoche"), t("epochs", "Epochen")];
  return many ? more : one;
};
