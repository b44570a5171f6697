/* The playhead: which stop, how far into it, and how fast. Time is the lanes' measured clock, slowed down or not. */

import { SPEEDS } from "./speeds.js";

/** @type {Partial<Record<O.Phase, number>>} */
const INTRO_MS = { prefill: 600, draft: 2000, verify: 2400, commit: 2000 }; // the first cycle of a film, to be read
const LAG_MS = 8000; // at most so long are the passes shown that plain decoding makes after Orthrus has ended
const CYCLE_GOAL_MS = 1100; // the first speed is chosen so that a mean cycle takes about this long

export class Playhead {
  speed = SPEEDS[1];
  moves = 0; // counts what somebody asked for, so that a tour notices another hand
  playing = false;
  share = 1; // how much of the stop's time has passed; 1 after a step or a jump
  intro = false;
  loop = false;
  /** @type {number | undefined} */
  last; // when the last frame was

  /** @param {O.Player} player */
  constructor(player) {
    this.player = player;
  }

  reset() {
    this.playing = false;
    this.share = 1;
    this.intro = false;
    this.loop = false;
    this.last = undefined;
  }

  /** @param {O.Message} message */
  fed(message) {
    const stops = this.player.stops;
    if (message.autoplay) {
      this.speed = this.suggested();
      this.seek(0);
      if (!message.live && this.player.tour && this.player.tour.first()) return;
      if (!this.player.reduced.matches) this.play();
      this.intro = this.playing;
    } else if (message.frames.length) {
      this.player.show(stops.length - 1); // a run that was stopped stands at its end
      if (message.end) this.speed = this.suggested(); // for watching again
    }
    if (this.player.at < 0 && stops.length) this.seek(0);
  }

  /** The rate at which one cycle can be followed by eye. */
  suggested() {
    const cycles = this.player.stops.filter((stop) => stop.p === "commit").length;
    const own = this.player.stops.filter((stop) => stop.p !== "finish" && stop.p !== "prefill");
    const mean = own.reduce((sum, stop) => sum + stop.ms, 0) / Math.max(1, cycles);
    const wanted = mean / CYCLE_GOAL_MS;
    return SPEEDS.reduce((best, speed) =>
      speed.rate && (!best.rate || Math.abs(Math.log(speed.rate / wanted)) < Math.abs(Math.log(best.rate / wanted)))
        ? speed
        : best,
    );
  }

  /**
   * Wall time one stop takes at the present speed.
   * @param {O.Stop} stop
   */
  wall(stop) {
    const intro = INTRO_MS[stop.p];
    if (intro && this.introducing(stop)) return intro;
    if (this.speed.fixed) return stop.p === "finish" ? 2 * this.speed.fixed : this.speed.fixed;
    const lag = stop.p === "finish" && this.player.race ? this.player.race.lag() : null;
    return lag === null ? stop.ms / this.speed.rate : Math.min(LAG_MS, (lag * stop.t0) / this.speed.rate);
  }

  /**
   * A film that starts by itself shows its first cycle slowly; the lanes' common clock slows with it.
   * @param {O.Stop} stop
   */
  introducing(stop) {
    return this.intro && !!stop && stop.c <= 0 && stop.p in INTRO_MS;
  }

  /** @param {number} time */
  advance(time) {
    const passed = this.last === undefined ? 0 : Math.min(time - this.last, 250); // a hidden tab does not skip ahead
    this.last = time;
    if (!this.playing) return;
    const { stops } = this.player;
    let left = passed;
    while (this.playing && stops.length) {
      const wall = this.wall(stops[Math.max(0, this.player.at)]);
      const rest = (1 - this.share) * wall;
      if (left < rest) {
        this.share += left / wall;
        return;
      }
      left -= rest;
      this.share = 1;
      if (this.loop && this.player.at > 1 && stops[this.player.at].p === "commit") {
        this.player.show(this.player.at - 2); // its draft; what is left of this frame's time is dropped
        this.share = 0;
        return;
      }
      if (this.player.at + 1 < stops.length) {
        this.player.show(this.player.at + 1);
        this.share = 0;
      } else {
        if (this.player.ended) this.halt();
        return;
      }
    }
  }

  /** @returns {O.Now} */
  now() {
    const { stops, at } = this.player;
    const stop = stops[at];
    return {
      at,
      phase: stop ? stop.p : "",
      cycle: stop ? stop.c : -1,
      playing: this.playing,
      clock: stop ? stop.t0 + this.share * stop.ms : Infinity,
      share: this.share,
      wall: stop && this.playing ? this.wall(stop) : 1500,
      ended: this.player.ended,
      slowly: this.introducing(stop),
    };
  }

  /** @param {number} i */
  seek(i) {
    this.moves++;
    this.intro = false;
    this.share = 1;
    this.player.show(Math.max(0, Math.min(i, this.player.stops.length - 1)));
  }

  play() {
    const { stops, at } = this.player;
    this.moves++;
    if (!stops.length) return;
    if (at >= stops.length - 1 && this.share >= 1 && this.player.ended) this.seek(0);
    if (this.player.at <= 0) this.share = 0;
    this.playing = true;
    this.player.wake();
  }

  pause() {
    this.moves++;
    this.halt();
  }

  /** The film stands still: paused, or at its end. */
  halt() {
    if (this.playing) this.player.redraw(); // what was left out while playing
    this.playing = false;
  }

  /** Play the cycle on show over and over; from the prompt or the end, the nearest one. */
  toggleLoop() {
    const { stops } = this.player;
    this.loop = !this.loop;
    this.moves++;
    this.player.wake();
    if (!this.loop || stops.length < 4) return;
    const at = Math.max(1, this.player.at);
    const draft = stops.findLastIndex((stop, i) => i <= at && stop.p === "draft");
    this.intro = false;
    if (stops[this.player.at].p !== "verify" && stops[this.player.at].p !== "commit") this.player.show(draft);
    this.share = 0;
    this.playing = true;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** @param {number} by */
  step(by) {
    this.pause();
    this.seek(this.player.at + by);
  }

  /**
   * To the draft of the next cycle, or to the beginning of this one and then of those before.
   * @param {number} by
   */
  stepCycle(by) {
    this.pause();
    const { stops, at } = this.player;
    let i = at + by;
    while (i > 0 && i < stops.length - 1 && stops[i].p !== "draft") i += by;
    this.seek(i);
  }

  /** The player stops asking for frames: the next one must not count the time in between. */
  rest() {
    this.last = undefined;
  }

  /** @param {number} by */
  faster(by) {
    this.player.wake();
    this.intro = false;
    const i = SPEEDS.indexOf(this.speed) + by;
    this.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, i))];
  }
}
