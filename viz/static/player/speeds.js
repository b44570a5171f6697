/* The speeds a film can have, and the one for the race. */

import { say } from "./messages.js";

const TEACHING_MS = 2500; // a phase at teaching pace
const RACE_MS = 6500; // about how long the race is shown, by the choice of a slower clock
const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4];

/** @type {O.Speed[]} */
export const SPEEDS = [{ rate: 0, fixed: TEACHING_MS }, ...RATES.map((rate) => ({ rate, fixed: 0 }))];

/** @param {O.Speed} speed */
export function labelOf({ rate }) {
  if (!rate) return say("player.speed.teaching");
  if (rate === 1) return say("player.speed.real");
  return rate > 1 ? say("player.speed.times", { rate }) : say("player.speed.part", { n: Math.round(1 / rate) });
}

/**
 * Of the player's speeds the one that shows `ms` in about RACE_MS; never faster than measured.
 * @param {number} ms
 */
export function racePace(ms) {
  const slower = SPEEDS.filter(({ rate }) => rate > 0 && rate <= 1);
  /** @param {O.Speed} speed */
  const far = ({ rate }) => Math.abs(Math.log(ms / rate / RACE_MS));
  return slower.reduce((best, speed) => (far(speed) < far(best) ? speed : best));
}

/**
 * Measured ms that the whole race would take; on the clock of passes, all of them at Orthrus's mean.
 * @param {{stops: O.Stop[], race: Pick<O.Race, "lag"> | null}} player
 */
export function raceMs({ stops, race }) {
  const last = stops[stops.length - 1];
  const lag = race ? race.lag() : null;
  return lag === null ? last.t0 + last.ms : last.t0 * (1 + lag);
}
