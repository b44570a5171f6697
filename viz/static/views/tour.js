/* The tour: a card of text, then a move of the playhead, then a rest. The first click or key elsewhere ends it. */

import { closest } from "../player/dom.js";
import { say } from "../player/messages.js";
import { raceMs, racePace } from "../player/speeds.js";
import { TourCard, goToBlock, goToPrompt, lift } from "./tour_card.js";

const LEAD_MS = 1300; // the text stands alone before anything moves
const FIRST_LEAD_MS = 600; // who has just come waits for nothing else
const THINK_MS = 8000; // for the visitor's answer
const REST_MS = 3500; // after an outcome
const QUIET = ["Tab", "Shift", "Control", "Alt", "Meta"];

export class Tour {
  /**
   * @param {HTMLElement} host
   * @param {O.TourSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.host = host;
    this.spec = spec;
    this.player = player;
    this.on = false;
    this.taken = false; // it has been started once
    this.still = false; // the visitor sets the pace
    this.moved = false; // the beat's one motion has been made
    this.i = 0;
    this.since = 0; // ms: when the beat began
    this.until = 0; // ms: when it ends
    this.moves = 0; // of the playhead, when we moved it last
    /** @type {string | undefined} */
    this.run = undefined;
    this.card = this.carded({
      back: () => this.walk(-1),
      next: () => this.walk(1),
      pause: () => this.pause(),
      leave: () => this.end(),
      prompt: () => (this.end(), goToPrompt()),
      block: () => this.toBlock(),
      again: () => this.open(),
    });
    /** @type {(event: Event) => void} */
    this.onHand = (event) => this.handed(event);
  }

  /** @param {O.TourActs} acts */
  carded(acts) {
    return new TourCard(this.host, this.spec, acts);
  }

  /** @returns {O.Beat[]} */
  get beats() {
    return this.player.facts.tour.beats;
  }

  get beat() {
    return this.beats[this.i];
  }

  /** Whether a recording that starts by itself starts with the tour: once a page, and only where there is one. */
  first() {
    const wanted = !this.taken && this.player.options.tour !== false && this.beats.length > 0;
    if (wanted) this.start(this.player.reduced.matches);
    return wanted;
  }

  /** Asked for: wherever the visitor has scrolled to, the card comes into sight. */
  open() {
    this.start(this.player.reduced.matches);
    this.host.scrollIntoView({ block: "start" });
  }

  /**
   * @param {boolean} still
   * @param {number} [i] the first card
   */
  start(still, i = 0) {
    const { quiz, tour, lecture } = this.player;
    if (quiz) quiz.toggle(false);
    for (const other of [tour, lecture]) if (other && other !== this) other.end();
    Object.assign(this, { taken: true, on: true, still, run: this.player.run });
    this.host.hidden = false;
    this.player.root.classList.add("touring");
    for (const kind of ["click", "keydown"]) document.addEventListener(kind, this.onHand, true);
    this.go(i);
  }

  end() {
    if (!this.on) return;
    this.on = false;
    this.host.hidden = true;
    this.player.root.classList.remove("touring");
    for (const kind of ["click", "keydown"]) document.removeEventListener(kind, this.onHand, true);
    lift(this.player.root, []);
    if (this.player.quiz) this.player.quiz.drop();
    const { head, race } = this.player;
    if (head.moves === this.moves && head.playing) head.pause();
    if (race) race.pick(null);
    if (this.player.run === this.run) head.speed = head.suggested();
  }

  /**
   * A click or key that is not part of the tour: the visitor takes over.
   * @param {Event} event
   */
  handed(event) {
    if (!this.player.root.isConnected) return this.end();
    const key = event instanceof KeyboardEvent ? event.key : "";
    const { quiz } = this.player;
    const inside = this.host.contains(/** @type {Node} */ (event.target));
    const answering = quiz && quiz.asked >= 0 && (key === "*" || closest(event, ".o-slot"));
    if (key === "Escape" || !(inside || answering || QUIET.includes(key))) this.end();
  }

  /**
   * Next and Back: from then on the visitor sets the pace.
   * @param {number} by
   */
  walk(by) {
    this.still = true;
    this.go(this.i + by);
  }

  /** The tour waits, or goes on where it stopped. */
  pause() {
    const { head } = this.player;
    const racing = this.beat.key === "race" && this.moved && this.until === Infinity;
    this.still = !this.still;
    this.card.paced(this.still);
    if (this.still) return void (head.playing && this.steer(() => head.pause()));
    this.since = performance.now();
    if (racing) this.steer(() => head.play());
    else this.until = this.since + 1000 * this.beat.s;
    this.player.wake();
  }

  /** @param {number} i */
  go(i) {
    const { head, quiz, race } = this.player;
    this.i = Math.max(0, Math.min(i, this.beats.length - 1));
    if (quiz) quiz.drop();
    this.card.say(this.beat.text);
    this.card.number(this.i, this.beats.length);
    this.card.paced(this.still);
    for (const name of this.beat.show) this.player.tabs.reveal(name);
    lift(this.player.root, this.beat.show);
    if (race) race.pick("passes"); // the same on every machine; what they cost is the last card's
    this.steer(() => head.seek(Math.max(0, this.stop() - 1)));
    if (this.beat.key === "race") head.share = 0; // nothing written yet
    this.moved = false;
    this.until = performance.now() + 1000 * this.beat.s;
    this.since = performance.now();
    if (this.still) this.move();
    this.player.wake();
  }

  /**
   * Our own moves of the playhead; any other move ends the tour.
   * @param {() => unknown} act
   */
  steer(act) {
    act();
    this.moves = this.player.head.moves;
  }

  /** The stop a beat is about. */
  stop() {
    const { key, cycle } = this.beat;
    if (key === "race") return 0;
    if (key === "whole" || key === "time") return this.player.stops.length - 1;
    return this.player.stops.findIndex((stop) => stop.c === cycle && stop.p === (key === "quiz" ? "draft" : key));
  }

  /** The beat's one motion. */
  move() {
    this.moved = true;
    const { head, quiz } = this.player;
    if (this.beat.key === "race") this.race(head);
    else if (this.beat.key === "quiz" && quiz) {
      this.steer(() => quiz.forward(this.stop()));
      this.until = performance.now() + THINK_MS;
      quiz.answered = (told) => this.answered(told);
    } else this.steer(() => head.seek(this.stop()));
  }

  /** @param {O.Player["head"]} head */
  race(head) {
    if (this.still) {
      this.steer(() => head.seek(this.player.stops.length - 1));
      return this.card.say(this.beat.after || "");
    }
    head.speed = racePace(raceMs(this.player));
    this.until = Infinity; // the race ends by itself
    this.steer(() => head.play());
  }

  /** @param {string} told */
  answered(told) {
    if (!this.on) return;
    this.moves = this.player.head.moves;
    this.card.say(told);
    this.until = performance.now() + REST_MS;
  }

  tick() {
    if (!this.on) return;
    const { head, quiz } = this.player;
    if (this.player.run !== this.run || head.moves !== this.moves) return this.end();
    if (this.still) return;
    const time = performance.now();
    if (!this.moved && time - this.since > (this.i ? LEAD_MS : FIRST_LEAD_MS)) this.move();
    if (this.until === Infinity && !head.playing) {
      this.card.say(this.beat.after || "");
      this.until = time + REST_MS;
    }
    if (time < this.until) return;
    if (this.beat.key === "quiz" && quiz && quiz.asked >= 0) {
      quiz.drop();
      this.steer(() => head.step(1));
      this.answered(quiz.outcome());
    } else if (this.i + 1 < this.beats.length) this.go(this.i + 1);
    else this.card.paced((this.still = true)); // the last card stays
  }

  /** Leave for the block of the tour's own cycle. */
  toBlock() {
    const beat = this.beats.find(({ key }) => key === "verify");
    this.end();
    if (beat && beat.cycle !== null) this.player.seekCycle(beat.cycle, "verify");
    goToBlock(this.player.root);
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.TourSpec} spec
 * @param {O.Player} player
 * @returns {O.Part}
 */
export function tourPart(host, spec, player) {
  const tour = (player.tour = new Tour(host, spec, player));
  return {
    opens: [say("tour_page.open"), say("tour_page.open-about"), () => tour.open()],
    ready: () => tour.beats.length > 0,
    waits: () => tour.on && !tour.still,
    tick: () => tour.tick(),
  };
}
