/* The quiz: the playhead stops behind a draft, a click on a slot answers, the next stop tells. It asks no server. */

import { announce, button, choice, el, findAll } from "../player/dom.js";
import { cellText, filledIn } from "../player/format.js";
import { say } from "../player/messages.js";
import { calibration, nextDraft, quizPoints, quizSummary } from "./quiz_score.js";

const FULL_NATS = 5; // an entropy that fills a bar

/**
 * @param {HTMLElement} host
 * @param {O.QuizSpec} spec
 */
function shell(host, spec) {
  const parts = {
    ask: el("p", "o-ask"),
    score: el("p", "o-score"),
    hint: el("p", "o-hint"),
    row: el("div", "o-row"),
    picture: calibration(spec.picture),
  };
  const left = el("div");
  left.append(parts.ask, parts.row, parts.hint, parts.score, el("p", "o-hint", spec.rule + " " + spec.keys));
  const both = el("div", "o-quizbody");
  both.append(left, parts.picture.box);
  host.append(both);
  return parts;
}

export class Quiz {
  /**
   * @param {HTMLElement} host
   * @param {O.QuizSpec} spec
   * @param {O.Player} player
   */
  constructor(host, spec, player) {
    this.host = host;
    this.spec = spec;
    this.player = player;
    this.on = false;
    this.asked = -1; // the stop that is asked about
    /** @type {O.QuizBlock} */
    this.block = { n: 0 };
    /** @type {O.Answer[]} */
    this.answers = [];
    this.points = 0;
    this.streak = 0;
    this.fresh = false; // the question's slots are not drawn yet
    this.covered = false; // a lesson's question is open
    this.leads = false; // the focus goes to the next question
    /** @type {((told: string) => void) | null} */
    this.answered = null;
    this.parts = shell(host, spec);
    this.all = button(say("quiz_page.all"), () => this.answer(this.block.n + 1));
    this.next = button(say("quiz_page.next"), () => this.forward(this.player.at + 1));
    this.parts.row.append(
      this.all,
      this.next,
      choice(
        spec.hints.map(({ label }) => label),
        say("quiz_page.hints"),
        (i) => this.hint(i),
      ),
      button(say("quiz_page.end"), () => this.toggle(false)),
    );
    this.hint(0);
    this.parts.ask.setAttribute("aria-live", "polite");
    host.hidden = true;
    player.root.addEventListener("o-slot", ({ detail: { slot, how } }) => {
      if (how === "choose" && slot > 0) this.answer(slot);
    });
  }

  /** @param {boolean} on */
  toggle(on) {
    if (on === this.on) return;
    this.on = on;
    this.host.hidden = !on;
    this.player.root.classList.toggle("quizzing", on);
    if (!on) return this.drop();
    const { player } = this;
    if (player.tour) player.tour.end();
    player.head.pause();
    let from = player.at;
    while (player.stops[from] && ["verify", "commit"].includes(player.stops[from].p)) from++; // its answer has been seen
    this.forward(nextDraft(player.stops, from, "quiz") < 0 ? 0 : from);
    this.host.scrollIntoView({ block: "start" });
  }

  /** @param {number} i */
  hint(i) {
    this.player.root.dataset.hint = this.spec.hints[i].key;
    this.parts.hint.textContent = this.spec.hints[i].about || "";
  }

  /**
   * Go to the next draft and ask about it.
   * @param {number} from
   */
  forward(from) {
    const at = nextDraft(this.player.stops, from, "quiz");
    if (at < 0) {
      this.drop();
      this.parts.ask.textContent = say("quiz_page.last") + " " + quizSummary(this.answers);
      return;
    }
    this.player.head.pause();
    this.player.head.seek(at);
    this.ask();
  }

  ask() {
    this.asked = this.player.at;
    this.block = this.player.state.quiz.block;
    this.player.root.classList.add("asking", "unsaid");
    this.tell();
    this.parts.ask.textContent = this.spec.question.replace("{n}", String(this.block.n));
    this.all.hidden = false;
    this.fresh = true;
    this.player.wake();
  }

  /**
   * What would give a verdict away is covered, or shown again, without a question of the quiz.
   * @param {boolean} on
   */
  cover(on) {
    this.covered = this.fresh = on;
    for (const name of ["asking", "unsaid"]) this.player.root.classList.toggle(name, on);
    this.player.wake();
  }

  /** What the slots show of an open question, once they are drawn. */
  dress() {
    this.fresh = false;
    const slots = findAll(this.player.root, ".o-slot");
    /** @param {number} nats */
    const part = (nats) => Math.min(100, (100 * nats) / FULL_NATS) + "%";
    /** @type {number[]} */
    const entropies = this.player.state[this.spec.unsure].block.q_H || [];
    entropies.forEach((nats, i) => slots[i + 1].style.setProperty("--unsure", part(nats)));
    if (this.on) slots[1].focus({ preventScroll: true }); // a question of the tour takes no focus
  }

  /** The question is gone: answered, or the playhead went elsewhere. The page is uncovered by `tick`. */
  drop() {
    this.asked = -1;
    this.all.hidden = true;
    this.player.wake();
  }

  /** @param {number} guess */
  answer(guess) {
    if (this.asked < 0 || this.player.at !== this.asked || guess > this.block.n + 1) return;
    const n = this.block.n;
    this.asked = -1;
    this.player.head.step(1);
    const { cut } = this.player.state.quiz.block;
    const won = quizPoints(guess, cut, this.streak);
    this.points += won.points;
    this.streak = won.streak;
    this.answers.push({ guess, truth: won.off ? guess - won.off : guess, off: won.off, n });
    const told =
      filledIn(this.spec.said, {
        guess: guess > n ? say("quiz_page.takes-all") : say("quiz_page.slot", { slot: guess }),
      }) +
      " " +
      this.outcome();
    this.leads = this.on;
    requestAnimationFrame(() => {
      // with what the player draws: written here, it would be laid out twice
      if (this.asked >= 0) return; // the next question is already there
      this.drop();
      this.parts.ask.textContent = told + (won.off ? "" : " " + say("quiz_page.hit")) + " +" + won.points;
      this.tell();
    });
    // the inspector goes to the cut, after it has heard of the click itself
    queueMicrotask(() => announce(this.player.root, "o-slot", { slot: -1, how: "auto" }));
    if (this.answered) this.answered(told);
  }

  /** What the verdict on show says, without a guess. */
  outcome() {
    const { cut, kept, outcome, why = [] } = this.player.state.quiz.block;
    const [own, guess] = why.map((/** @type {number} */ id) => "“" + cellText(this.player.word(id)) + "”");
    return filledIn(this.spec.results[outcome], { cut: cut[0], kept, own, guess });
  }

  tell() {
    const n = this.answers.length;
    const line = n ? say("quiz_page.score", { points: this.points, n, streak: this.streak }) + " " : "";
    this.parts.score.textContent = line + quizSummary(this.answers);
    this.parts.picture.box.hidden = !n;
    if (n) this.parts.picture.draw(this.answers);
  }

  /**
   * While the film runs it halts behind every draft; whoever moves on unasked has skipped the question.
   * @param {O.Now} now
   */
  tick(now) {
    if (this.fresh && (this.covered || this.asked === now.at)) this.dress();
    if (this.leads) this.next.focus({ preventScroll: true }); // a focus lays the page out: not before it is drawn
    this.leads = false;
    if (this.asked < 0 && !this.covered) this.player.root.classList.remove("asking", "unsaid"); // not in the frame that answers
    if (this.asked >= 0 && now.at !== this.asked) {
      this.drop();
      this.parts.ask.textContent = say("quiz_page.skipped");
    }
    const film = this.on && this.asked < 0 && this.player.head.playing && now.phase === "draft";
    if (film && nextDraft(this.player.stops, now.at, "quiz") === now.at) this.forward(now.at);
  }
}

/**
 * @param {HTMLElement} host
 * @param {O.QuizSpec} spec
 * @param {O.Player} player
 * @returns {O.Part}
 */
export function quizPart(host, spec, player) {
  const quiz = (player.quiz = new Quiz(host, spec, player));
  return {
    later: true,
    opens: [say("quiz_page.open"), say("quiz_page.open-about"), () => quiz.toggle(!quiz.on)],
    keys: [
      {
        shown: "Q",
        what: say("quiz_page.keys"),
        acts: {
          q: () => quiz.toggle(!quiz.on),
          n: () => quiz.on && quiz.forward(player.at + 1),
          "*": () => quiz.asked >= 0 && quiz.answer(quiz.block.n + 1),
        },
      },
      { acts: { Escape: () => quiz.toggle(false) } },
    ],
    /** @param {O.Now} now */
    tick: (now) => quiz.tick(now),
  };
}
