/** What somebody can tell by time: two kinds of questions, asked in turn, and how long each took. */

/** How likely one of the first took longer than one of the others; a half: time tells nothing. */
export function auc(ones: readonly number[], others: readonly number[]): number {
  const all = [...ones.map((ms) => ({ ms, is: 1 })), ...others.map((ms) => ({ ms, is: 0 }))].sort(
    (a, b) => a.ms - b.ms,
  );
  const ranks = all.reduce((sum, { is }, index) => sum + (is ? index + 1 : 0), 0);
  return (ranks - (ones.length * (ones.length + 1)) / 2) / (ones.length * others.length);
}

/** How far from a half it may be: of few pairs chance makes more, 3.3 standard deviations. */
export const aucBound = (pairs: number): number => Math.max(0.05, 3.3 * Math.sqrt(1 / (6 * pairs)));
