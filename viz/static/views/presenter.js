/* Presenting: large type, no form, a chapter a key; notes in a second window, a blank screen, a pointer, a code for the
 * class's own devices. Everything works from a saved file, without a network.
 */

import { button, closest, el, findAll } from "../player/dom.js";
import { say } from "../player/messages.js";
import { addressOf } from "../page/places.js";
import { NotesWindow } from "./notes_window.js";

const QUIET = 4; // modules of white around a code, as its standard asks

/**
 * A QR code as a picture, a pixel per module.
 * @param {string[]} rows of "0" and "1"
 */
function codePicture(rows) {
  const picture = el("canvas");
  picture.width = picture.height = rows.length + 2 * QUIET;
  picture.setAttribute("aria-hidden", "true"); // the address beside it says the same
  const pen = picture.getContext("2d");
  rows.forEach((row, y) => [...row].forEach((bit, x) => bit === "1" && pen?.fillRect(x + QUIET, y + QUIET, 1, 1)));
  return picture;
}

export class Presenter {
  on = false;

  /**
   * @param {O.Lecture} lecture
   * @param {O.LessonSpec} spec
   */
  constructor(lecture, spec) {
    this.lecture = lecture;
    this.spec = spec;
    this.notes = new NotesWindow(this, spec);
    this.blank = el("div", "o-blank");
    this.dot = el("div", "o-dot");
    this.code = el("dialog", "o-code");
    this.said = el("p", "o-said");
    this.said.setAttribute("role", "status");
    this.hint = el("p", "o-presenterkeys", spec.presenter.keys);
    this.code.setAttribute("aria-label", spec.presenter.code);
    for (const node of [this.blank, this.dot]) node.hidden = true;
    /** @type {(event: PointerEvent) => void} */
    this.point = ({ clientX, clientY }) => void (this.dot.style.transform = `translate(${clientX}px, ${clientY}px)`);
    /** @type {(event: MouseEvent) => void} */
    this.clicked = (event) => void (event.detail && closest(event, "button,summary")?.blur()); // the space bar goes on
  }

  enter() {
    if (this.on) return;
    this.on = true;
    document.documentElement.classList.add("presenting");
    document.body.append(this.blank, this.dot, this.code, this.said);
    findAll(this.lecture.host, ".o-row").at(-1)?.append(this.hint);
    window.addEventListener("pointermove", this.point);
    window.addEventListener("click", this.clicked);
    this.lecture.player.redraw();
    this.lecture.told();
    window.scrollTo(0, 0);
  }

  leave() {
    if (!this.on) return;
    this.on = false;
    document.documentElement.classList.remove("presenting");
    window.removeEventListener("pointermove", this.point);
    window.removeEventListener("click", this.clicked);
    for (const node of [this.blank, this.dot]) node.hidden = true;
    for (const node of [this.blank, this.dot, this.code, this.said, this.hint]) node.remove();
    this.say("");
    this.notes.close();
    this.lecture.player.redraw();
  }

  /** @param {string} text */
  say(text) {
    this.said.textContent = text;
  }

  changed() {
    this.say("");
    this.notes.draw();
  }

  tick() {
    if (!this.lecture.player.root.isConnected) this.leave();
  }

  /** What a blank screen or a code hides is shown again before anything else happens. */
  uncovered() {
    const covered = !this.blank.hidden || this.code.open;
    this.blank.hidden = true;
    if (this.code.open) this.code.close();
    return covered;
  }

  /** @param {number} by */
  walk(by) {
    if (!this.uncovered()) this.lecture.walk(by);
  }

  escape() {
    if (!this.uncovered()) this.lecture.end();
  }

  /** Cover the verdict of the cycle on show, from its draft on, until the key or a step asks for it. */
  veil() {
    const { player } = this.lecture;
    const { quiz, head } = player;
    const { cycle } = head.now();
    if (!quiz || cycle < 0) return;
    const on = !quiz.covered;
    this.lecture.steer(() => player.seekCycle(cycle, on ? "draft" : "verify"));
    quiz.cover(on);
  }

  async showCode() {
    if (this.code.open) return this.code.close();
    const { player } = this.lecture;
    const { presenter: words } = this.spec;
    const address = addressOf(player);
    const rows = address && player.library ? await player.library.code(address) : null;
    const parts = address
      ? [...(rows ? [codePicture(rows)] : [el("p", "", words.uncoded)]), el("p", "o-verbatim", address)]
      : [el("p", "", words.unplaced)];
    const close = button("×", () => this.code.close());
    close.setAttribute("aria-label", say("presenter.close"));
    this.code.replaceChildren(el("h2", "", words.code), ...parts, close);
    if (this.on && !this.code.open) this.code.showModal();
  }

  /** @returns {O.KeyRow[]} */
  keys() {
    const { lecture } = this;
    const present = () => lecture.teach("", 1, true);
    /** @type {(shown: string, what: string, acts: O.KeyRow["acts"], moves?: boolean) => O.KeyRow} */
    const row = (shown, what, acts, moves = false) => ({ shown, what, acts, moves, presents: true });
    const [on, back] = [() => this.walk(1), () => this.walk(-1)];
    return [
      { shown: "P", what: say("presenter.present"), acts: { p: present } },
      row(say("presenter.named.on"), say("presenter.on"), { " ": on, PageDown: on }, true),
      row(say("presenter.named.back"), say("presenter.back"), { Backspace: back, PageUp: back }, true),
      row("B", say("presenter.blank"), { b: () => (this.blank.hidden = !this.blank.hidden) }),
      row("L", say("presenter.pointer"), { l: () => (this.dot.hidden = !this.dot.hidden) }),
      row("V", say("presenter.veil"), { v: () => this.veil() }),
      row("S", say("presenter.notes"), { s: () => this.notes.open() }),
      row("C", say("presenter.code"), { c: () => this.showCode() }),
      row("", "", { Escape: () => this.escape(), p: () => this.escape() }),
    ];
  }
}
