/** Where a direction comes from, how well it was learned, and what to beware of. */

const CORRELATIONS = 3; // told of each direction

/** Whether the data that made it hardly have what it is named for. */
export const isWeak = ({ score, well_read }) => score !== null && !well_read;

/** Fill `element` with all that is known of a direction. */
export function tell(element, info) {
  element.replaceChildren(
    line(`${info.method_title}, from ${info.data}.`),
    line(scoreOf(info), isWeak(info)),
    line(`1 σ = ${info.std.toFixed(2)} in latent units.`),
    ...(info.correlations.length > 0 ? [line(correlationsOf(info))] : []),
    ...info.notes.map((note) => line(note, true)),
  );
}

function scoreOf(info) {
  const fitted = info.count > 0 ? `Fitted on ${info.count.toLocaleString("en")}` : "Fitted on no data";
  if (info.score === null) return `${fitted}; not scored.`;
  const verdict = isWeak(info) ? "Hardly learned: " : "";
  return `${verdict}${info.score_name} ${number(info.score)} on data held out. ${fitted}.`;
}

function correlationsOf({ correlations }) {
  const strongest = correlations.slice(0, CORRELATIONS);
  const told = strongest.map(({ label, r }) => `${label.replaceAll("_", " ")} ${number(r)}`);
  return `Goes along most with ${told.join(", ")} (r).`;
}

const number = (value) => value.toFixed(2).replace("-", "−");

function line(text, warns = false) {
  const paragraph = Object.assign(document.createElement("p"), { textContent: text });
  paragraph.classList.toggle("warning", warns);
  return paragraph;
}
