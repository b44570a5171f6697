/* The arithmetic of the coin toss. No drawing. */

/**
 * How many guesses numbers keep: those before the first number that is not below its chance.
 * @param {number[]} accept
 * @param {number[]} numbers
 */
export function keptBy(accept, numbers) {
  const first = accept.findIndex((chance, i) => !(numbers[i] < chance));
  return first < 0 ? accept.length : first;
}

/**
 * The chance that a block keeps exactly 0, 1, ... guesses. The chances behind the recorded cut count, too: the AR view
 * computed them behind the very guesses that a luckier toss would have kept.
 * @param {number[]} accept
 */
export function lengthChances(accept) {
  let reached = 1;
  const chances = accept.map((chance) => {
    const ends = reached * (1 - chance);
    reached *= chance;
    return ends;
  });
  return [...chances, reached];
}

/** @param {number[]} chances of 0, 1, ... */
export const meanOf = (chances) => chances.reduce((sum, chance, n) => sum + n * chance, 0);
