/* A lesson's card: the tour's, with a title, a question, its choices, the answer, and the notes for the teacher. */

import { el } from "../player/dom.js";
import { TourCard } from "./tour_card.js";

/**
 * A lesson's steps as beats of the tour: a question and its answer are two of them.
 * @param {O.Lesson} lesson
 * @returns {O.LessonBeat[]}
 */
export function beatsOf({ steps }) {
  return steps.flatMap((step, i) => {
    const beat = { text: step.caption, show: step.show, s: 0, cycle: step.cycle - 1, step: i };
    const covered = !!step.reveal && step.reveal !== "finish";
    const first = { ...beat, key: step.phase, asks: !!step.question, covered };
    return step.question ? [first, { ...beat, key: step.reveal || step.phase, tells: true }] : [first];
  });
}

/**
 * What a teacher reads about a step, as pairs of a heading and a text; without those that are empty.
 * @param {O.LessonSpec} spec
 * @param {O.LessonStep} step
 */
export const notesOf = (spec, { say, question, answer, note }) =>
  [
    [spec.say, say],
    [spec.ask, question],
    [spec.answer, answer],
    [spec.why, note],
  ].filter(([, text]) => text);

/** @param {string[][]} pairs */
export function pairsList(pairs) {
  const list = el("dl", "o-pairs");
  for (const [head, text] of pairs) list.append(el("dt", "", head), el("dd", "", text));
  return list;
}

export class LessonCard extends TourCard {
  /**
   * @param {HTMLElement} host
   * @param {O.LessonSpec} spec
   * @param {O.TourActs} acts
   */
  constructor(host, spec, acts) {
    super(host, spec, acts);
    this.words = spec;
    this.head = el("p", "o-lessontitle");
    this.ask = el("p", "o-lessonask");
    this.choices = el("ol", "o-lessonchoices");
    this.told = el("p", "o-lessonanswer");
    this.ask.setAttribute("aria-live", "polite");
    this.told.setAttribute("aria-live", "polite");
    this.notes = el("details", "o-lessonnotes");
    this.text.before(this.head);
    this.text.after(this.ask, this.choices, this.told);
    host.append(this.notes);
  }

  /**
   * @param {O.LessonStep} step
   * @param {O.LessonBeat} beat
   * @param {string} title
   */
  show(step, beat, title) {
    this.head.textContent = title + " · " + step.title;
    const asked = beat.asks || beat.tells;
    this.ask.textContent = asked ? step.question : "";
    this.choices.replaceChildren(
      ...(asked ? step.choices : []).map((choice) =>
        el("li", beat.tells && choice === step.answer ? "right" : "", choice),
      ),
    );
    this.told.textContent = beat.tells && !step.choices.length ? step.answer : "";
    this.notes.replaceChildren(el("summary", "", this.words.notes), pairsList(notesOf(this.words, step)));
    this.notes.hidden = false;
  }

  /**
   * A chapter of a run without a lesson: its text alone.
   * @param {string} title
   */
  plain(title) {
    this.head.textContent = title;
    this.ask.textContent = this.told.textContent = "";
    this.choices.replaceChildren();
    this.notes.hidden = true;
  }

  /** The teacher sets the pace.
   * @override
   */
  paced() {
    this.pause.hidden = true;
  }

  /**
   * @override
   * @param {number} i
   * @param {number} n
   */
  number(i, n) {
    super.number(i, n);
    this.ends.hidden = this.pause.hidden = true;
  }
}
