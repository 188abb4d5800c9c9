/** Numbers with their sign as a person reads them, and strengths in σ. */

/** A number with its sign, rounded to so many digits. */
export function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return `${value < 0 ? "−" : "+"}${text}`;
}

export const sigma = (value, digits = 1) => `${signed(value, digits)} σ`;
