/* A lesson: the tour's machinery with steps from a file, through several runs; the teacher sets the pace. Without a
 * lesson it leads through the run on show, by the cards of its tour.
 */

import { classTab } from "./class_tab.js";
import { Presenter } from "./presenter.js";
import { Tour } from "./tour.js";
import { LessonCard, beatsOf } from "./lesson_card.js";
import { announce } from "../player/dom.js";
import { raceMs, racePace } from "../player/speeds.js";

export class Lecture extends Tour {
  /** @type {O.Lesson | null} */
  lesson = null;
  /** @type {O.LessonBeat[]} */
  own = [];
  turns = 0;

  /**
   * @param {HTMLElement} host
   * @param {O.LessonSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    super(host, spec, player);
    this.words = spec;
    this.presenter = new Presenter(this, spec);
  }

  /**
   * @override
   * @param {O.TourActs} acts
   */
  carded(acts) {
    return new LessonCard(this.host, /** @type {O.LessonSpec} */ (this.spec), acts);
  }

  /** @override @returns {O.Beat[]} */
  get beats() {
    return this.lesson ? this.own : super.beats;
  }

  get lessonCard() {
    return /** @type {LessonCard} */ (this.card);
  }

  /** The step on show; null in a run without a lesson. */
  get step() {
    return this.lesson && this.lesson.steps[this.own[this.i].step];
  }

  /**
   * Begin at a step, counted from 1; without a lesson's name at the first card of the run.
   * @param {string} name
   * @param {number} number
   * @param {boolean} present
   */
  async teach(name, number, present) {
    const { library, tour } = this.player;
    const lesson = name && library ? await library.lesson(name) : null;
    if (name && !lesson) return this.missing();
    if (this.on) this.end();
    this.lesson = lesson;
    this.own = lesson ? beatsOf(lesson) : [];
    if (!this.beats.length) return;
    if (tour) tour.taken = true; // the next run that plays by itself plays for the lesson
    this.start(true, this.firstOf(number - 1));
    if (present) this.presenter.enter();
    else this.host.scrollIntoView({ block: "start" });
  }

  missing() {
    this.host.hidden = false;
    this.lessonCard.plain(this.words.missing);
    this.card.say("");
  }

  /** @param {number} step */
  firstOf(step) {
    if (!this.lesson) return 0;
    const last = this.lesson.steps.length - 1;
    return this.own.findIndex((beat) => beat.step === Math.max(0, Math.min(last, step)));
  }

  /** @override */
  end() {
    if (!this.on) return;
    super.end();
    this.presenter.leave();
    this.cover(false);
    this.lesson = null;
    this.told();
  }

  /** A click or a key elsewhere takes nothing from a teacher: the next step goes on where the lesson is.
   * @override
   */
  handed() {
    if (!this.player.root.isConnected) this.end();
  }

  /**
   * @override
   * @param {number} i
   */
  async go(i) {
    const turn = ++this.turns;
    const { player } = this;
    const at = Math.max(0, Math.min(i, this.beats.length - 1));
    const trace = this.lesson && this.lesson.steps[this.own[at].step].trace;
    if (trace && trace !== (player.run || "").split("/")[0] && player.library) await this.opened(trace);
    if (turn !== this.turns || !this.on) return;
    this.run = player.run;
    player.head.halt();
    if (player.quiz) player.quiz.hint(0);
    super.go(at);
    this.dress();
    this.told();
  }

  /** @param {string} trace */
  async opened(trace) {
    try {
      if (this.player.library) await this.player.library.open(trace);
    } catch (unread) {
      this.card.say(this.words.unread);
    }
  }

  /** The card's question and answer, and what is covered until then. */
  dress() {
    const { lesson, step, player } = this;
    const card = this.lessonCard;
    if (!lesson || !step) {
      card.plain(this.words.chapters);
      return this.cover(false);
    }
    const beat = this.own[this.i];
    card.show(step, beat, lesson.title);
    player.root.dataset.hint = step.hint;
    this.cover(!!beat.covered);
  }

  /** @param {boolean} on */
  cover(on) {
    if (this.player.quiz && this.player.quiz.covered !== on) this.player.quiz.cover(on);
  }

  /** Others hear where the lesson is: the address, the notes. */
  told() {
    this.presenter.changed();
    announce(this.player.root, "o-step");
  }

  /** @override */
  stop() {
    if (!this.lesson) return super.stop();
    const { key, cycle } = this.beat;
    const { stops } = this.player;
    if (key === "finish") return stops.length - 1;
    return Math.max(
      0,
      stops.findIndex(({ c, p }) => p === key && (key === "prefill" || c === cycle)),
    );
  }

  /** @override */
  move() {
    if (!this.lesson) return super.move();
    this.moved = true;
    const races = this.beat.show[0] === "race" && this.beat.key === "finish";
    if (races) this.race(this.player.head);
    else this.steer(() => this.player.head.seek(this.stop()));
  }

  /** The film of the run from its beginning, to its end.
   * @override
   * @param {O.Player["head"]} head
   */
  race(head) {
    if (this.player.reduced.matches) return void this.steer(() => head.seek(this.player.stops.length - 1));
    head.speed = racePace(raceMs(this.player));
    this.steer(() => (head.seek(0), head.play()));
  }

  /** @override */
  tick() {
    if (!this.on) return;
    this.presenter.tick();
    const { quiz, head } = this.player;
    if (quiz && quiz.covered && head.now().phase !== "draft") this.cover(false); // gone on: nothing is left to cover
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.LessonSpec} spec
 * @param {O.Player} player
 * @returns {{part: O.Part, list: HTMLElement}}
 */
export function lessonPart(host, spec, player) {
  const lecture = (player.lecture = new Lecture(host, spec, player));
  const list = classTab(lecture, spec);
  const tick = () => {
    lecture.tick();
    list.draw();
  };
  return { part: { keys: lecture.presenter.keys(), tick }, list: list.box };
}
