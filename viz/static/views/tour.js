/* The tour: a card of text, then a move of the playhead, then a rest. The first click or key elsewhere ends it. */

import { button, el } from "../player/dom.js";
import { raceMs, racePace } from "../player/speeds.js";

const LEAD_MS = 1300; // the text stands alone before anything moves
const THINK_MS = 8000; // for the visitor's answer
const REST_MS = 3500; // after an outcome
const QUIET = ["Tab", "Shift", "Control", "Alt", "Meta"];

function shell(host, spec) {
  const parts = {
    text: el("p", "o-tourtext"),
    dots: el("div", "o-dots"),
    row: el("div", "o-row"),
    ends: el("div", "o-row"),
  };
  parts.text.setAttribute("aria-live", "polite");
  parts.dots.setAttribute("aria-hidden", "true");
  parts.note = el("span", "o-hint", spec.hand_over);
  host.append(parts.dots, parts.text, parts.ends, parts.row);
  host.hidden = true;
  return parts;
}

class Tour {
  constructor(host, spec, player) {
    Object.assign(this, { host, spec, player, on: false, parts: shell(host, spec) });
    this.back = button("‹ Back", () => this.walk(-1));
    this.next = button("Next ›", () => this.walk(1));
    this.parts.row.append(
      this.back,
      this.next,
      button("Leave the tour", () => this.end()),
      this.parts.note,
    );
    this.onHand = (event) => this.handed(event);
    const act = { prompt: () => this.toPrompt(), microscope: () => this.toMicroscope(), again: () => this.open() };
    for (const [key, label] of Object.entries(spec.ends)) this.parts.ends.append(button(label, act[key]));
  }

  get beats() {
    return this.player.facts.tour.beats;
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

  start(still) {
    if (this.player.quiz) this.player.quiz.toggle(false);
    Object.assign(this, { taken: true, on: true, still, run: this.player.run });
    this.host.hidden = false;
    this.player.root.classList.add("touring");
    for (const kind of ["click", "keydown"]) document.addEventListener(kind, this.onHand, true);
    this.go(0);
  }

  end() {
    if (!this.on) return;
    this.on = false;
    this.host.hidden = true;
    this.player.root.classList.remove("touring");
    for (const kind of ["click", "keydown"]) document.removeEventListener(kind, this.onHand, true);
    this.focus([]);
    if (this.player.quiz) this.player.quiz.drop();
    const { head } = this.player;
    if (head.moves === this.moves && head.playing) head.pause();
    if (this.player.run === this.run) head.speed = head.suggested();
  }

  /** A click or key that is not part of the tour: the visitor takes over. */
  handed(event) {
    if (!this.player.root.isConnected) return this.end();
    const inside = this.host.contains(event.target);
    const answering =
      this.player.quiz &&
      this.player.quiz.asked >= 0 &&
      (event.key === "*" || (event.target.closest && event.target.closest(".o-slot")));
    if (event.key === "Escape" || !(inside || answering || QUIET.includes(event.key))) this.end();
  }

  /** Next and Back: from then on the visitor sets the pace. */
  walk(by) {
    this.still = true;
    this.go(this.i + by);
  }

  go(i) {
    this.i = Math.max(0, Math.min(i, this.beats.length - 1));
    this.beat = this.beats[this.i];
    const last = this.i === this.beats.length - 1;
    if (this.player.quiz) this.player.quiz.drop();
    this.say(this.beat.text.replace("{pace}", this.paced()));
    this.back.disabled = this.i === 0;
    this.next.hidden = last;
    this.parts.ends.hidden = !last;
    this.parts.ends.firstChild.hidden = !document.querySelector("#prompt textarea");
    this.parts.dots.replaceChildren(...this.beats.map((_, k) => el("i", k === this.i ? "on" : "")));
    this.focus(this.beat.show);
    this.steer(() => this.player.head.seek(Math.max(0, this.stop() - 1)));
    if (this.beat.key === "title" || this.beat.key === "race") this.player.head.share = 0; // nothing written yet
    this.moved = false;
    this.until = performance.now() + 1000 * this.beat.s;
    this.since = performance.now();
    if (this.still) this.move();
    this.player.wake();
  }

  say(text) {
    this.parts.text.textContent = text;
  }

  /** Lift the views a beat is about to the top; the others fade. */
  focus(names) {
    this.player.root.querySelectorAll("[data-focus]").forEach((node) => delete node.dataset.focus);
    for (const name of names) {
      const section = this.player.root.querySelector(".o-view.o-" + name);
      for (let node = section; node && node !== this.player.root; node = node.parentNode) node.dataset.focus = "";
    }
  }

  /** Our own moves of the playhead; any other move ends the tour. */
  steer(act) {
    act();
    this.moves = this.player.head.moves;
  }

  /** The stop a beat is about. */
  stop() {
    const { key, cycle } = this.beat;
    if (key === "title" || key === "race") return 0;
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
    } else if (this.beat.key !== "title") this.steer(() => head.seek(this.stop()));
  }

  pace() {
    return racePace(raceMs(this.player));
  }

  paced() {
    if (this.player.race.key() === "passes") return this.spec.passes;
    const { rate } = this.pace();
    return rate === 1 ? this.spec.measured : this.spec.slowed.replace("{n}", Math.round(1 / rate));
  }

  race(head) {
    if (this.still) {
      this.steer(() => head.seek(this.player.stops.length - 1));
      return this.say(this.beat.after);
    }
    head.speed = this.pace();
    this.until = Infinity; // the race ends by itself
    this.steer(() => head.play());
  }

  answered(told) {
    if (!this.on) return;
    this.moves = this.player.head.moves;
    this.say(told);
    this.until = performance.now() + REST_MS;
  }

  tick() {
    if (!this.on) return;
    const { head, quiz } = this.player;
    if (this.player.run !== this.run || head.moves !== this.moves) return this.end();
    if (this.still) return;
    const time = performance.now();
    const lead = this.beat.key === "race" ? 0 : LEAD_MS; // the race's text stood there as the title's
    if (!this.moved && time - this.since > lead) this.move();
    if (this.until === Infinity && !head.playing) {
      this.say(this.beat.after);
      this.until = time + REST_MS;
    }
    if (time < this.until) return;
    if (this.beat.key === "quiz" && quiz && quiz.asked >= 0) {
      quiz.drop();
      this.steer(() => head.step(1));
      this.answered(quiz.outcome());
    } else if (this.i + 1 < this.beats.length) this.go(this.i + 1);
    else this.still = true; // the last card stays
  }

  toPrompt() {
    this.end();
    const box = document.querySelector("#prompt textarea");
    box.scrollIntoView({ block: "center" });
    box.focus();
  }

  toMicroscope() {
    const beat = this.beats.find(({ key }) => key === "verify");
    this.end();
    this.player.seekCycle(beat.cycle, "verify");
    this.player.root.querySelector(".o-ribbon").scrollIntoView({ block: "start" });
    this.player.root.querySelector(".o-slot").focus({ preventScroll: true });
  }
}

export function tourPart(host, spec, player) {
  const tour = (player.tour = new Tour(host, spec, player));
  return {
    opens: ["Tour", "The guided tour", () => tour.open()],
    ready: () => tour.beats.length > 0,
    waits: () => tour.on && !tour.still,
    tick: () => tour.tick(),
  };
}
