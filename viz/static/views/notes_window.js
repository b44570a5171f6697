/* The teacher's second window: what to say, the question, its answer, what comes next, and how long it has taken. The
 * page writes it itself, so it works from a file, needs no script of its own and nothing is sent.
 */

import { el } from "../player/dom.js";
import { filledIn } from "../player/format.js";
import { notesOf, pairsList } from "./lesson_card.js";

const STYLE = `
body { margin: 0; padding: 18px 22px; font: 19px/1.5 system-ui, sans-serif; background: #fff; color: #111; }
h1 { font-size: 24px; line-height: 1.25; margin: 6px 0 12px; } p { margin: 0 0 10px; }
dt { font-weight: 650; font-size: 15px; margin-top: 12px; } dd { margin: 0; }
.clock { font-variant-numeric: tabular-nums; color: #444; } .next { margin-top: 20px; padding-top: 10px; border-top: 1px solid #999; color: #444; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } .clock, .next { color: #bbb; } }
`;

/** @param {number} seconds */
const clock = (seconds) => Math.floor(seconds / 60) + ":" + String(Math.floor(seconds % 60)).padStart(2, "0");

export class NotesWindow {
  /** @type {Window | null} */
  window = null;
  began = 0; // ms
  timer = 0;

  /**
   * @param {O.Presenter} presenter
   * @param {O.LessonSpec} spec
   */
  constructor(presenter, spec) {
    this.presenter = presenter;
    this.spec = spec;
    this.clock = el("p", "clock");
  }

  open() {
    if (this.window && !this.window.closed) return this.window.focus();
    this.window = window.open("", "orthrus-notes", "popup,width=560,height=720");
    if (!this.window) return this.presenter.say(this.spec.presenter.blocked);
    const { document: page } = this.window;
    page.documentElement.lang = document.documentElement.lang;
    page.head.replaceChildren(el("title", "", this.spec.notes), el("style", "", STYLE));
    page.addEventListener("keydown", (event) => this.pressed(event));
    this.began = performance.now();
    this.timer = window.setInterval(() => this.tell(), 1000);
    this.draw();
  }

  close() {
    window.clearInterval(this.timer);
    if (this.window && !this.window.closed) this.window.close();
    this.window = null;
  }

  /**
   * The keys of the presenter work here, too.
   * @param {KeyboardEvent} event
   */
  pressed(event) {
    const { on, lecture } = this.presenter;
    if (!on || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const row = this.presenter.keys().find(({ presents, acts }) => presents && acts[name]);
    if (!row) return;
    event.preventDefault();
    row.acts[name](lecture.player, /** @type {HTMLDetailsElement} */ (document.createElement("details")));
  }

  tell() {
    const { lesson, step } = this.presenter.lecture;
    const planned = lesson && step ? lesson.steps.slice(0, lesson.steps.indexOf(step) + 1) : [];
    const minutes = planned.reduce((sum, each) => sum + each.minutes, 0);
    const plan = minutes ? " / " + clock(60 * minutes) : "";
    this.clock.textContent = clock((performance.now() - this.began) / 1000) + plan;
  }

  draw() {
    if (!this.window || this.window.closed) return;
    const { lecture } = this.presenter;
    const { lesson, step } = lecture;
    const place = filledIn(this.spec.of, { i: lecture.i + 1, n: lecture.beats.length });
    /** @type {HTMLElement[]} */
    const body = [this.clock];
    if (lesson && step) {
      const next = lesson.steps[lesson.steps.indexOf(step) + 1];
      body.push(
        el("h1", "", place + " · " + step.title),
        el("p", "", step.caption),
        pairsList(notesOf(this.spec, step)),
      );
      if (next) body.push(el("p", "next", this.spec.next + ": " + next.title));
    } else if (lecture.beats.length) body.push(el("h1", "", place), el("p", "", lecture.beat.text));
    this.tell();
    this.window.document.body.replaceChildren(...body);
  }
}
