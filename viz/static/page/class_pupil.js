/* A pupil's side of a class: the teacher's moment is on this screen until a hand of the pupil's own moves it. */

import { button, el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { SPEEDS } from "../player/speeds.js";
import { stopOf } from "./address.js";
import { ClassLink, act, filmOf, spoken } from "./class_link.js";
import { ballot, bars, keptOf, votesInWords } from "./class_votes.js";

const LOOK_MS = 200;

export class Pupil {
  /** @type {O.ClassState | null} */
  state = null;
  following = true;
  moves = 0; // of the playhead, when we moved it last
  busy = false;
  asked = 0; // the question answered last
  /** @type {number | null} */
  guess = null;

  /**
   * @param {O.Player} player
   * @param {O.Gallery} gallery
   * @param {HTMLElement} box
   * @param {string} code
   * @param {(why: string) => void} ended
   */
  constructor(player, gallery, box, code, ended) {
    this.player = player;
    this.gallery = gallery;
    this.code = code;
    this.note = el("p", "class-note");
    this.note.setAttribute("role", "status");
    this.vote = el("div");
    this.turn = button(say("class.look"), () => this.follow(!this.following));
    const row = el("div", "class-row");
    const leave = button(say("class.leave"), () => (this.link.close(), this.over(), ended("")));
    row.append(el("b", "class-code o-verbatim", spoken(code)), this.note, this.turn, leave);
    box.replaceChildren(this.vote, row);
    this.link = new ClassLink(code, "", {
      state: (state) => this.heard(state),
      lost: (why) => this.say(why),
      ended: (why) => (this.over(), ended(why)),
    });
    this.onTab = () => this.follow(false);
    player.root.addEventListener("o-tab", this.onTab);
    if (player.tour) player.tour.end();
    document.documentElement.classList.add("following");
    this.link.follow();
    this.timer = window.setInterval(() => this.look(), LOOK_MS);
  }

  over() {
    document.documentElement.classList.remove("following");
    clearInterval(this.timer);
    this.player.root.removeEventListener("o-tab", this.onTab);
  }

  /** @param {boolean} on */
  follow(on) {
    this.following = on;
    document.documentElement.classList.toggle("following", on);
    this.turn.textContent = on ? say("class.look") : say("class.back");
    this.tell();
    if (on) this.apply();
  }

  /** A hand on the page looks around by itself. */
  look() {
    if (this.following && !this.busy && this.state && this.player.head.moves !== this.moves) this.follow(false);
  }

  /** @param {O.ClassState} state */
  heard(state) {
    if (!this.state) this.moves = this.player.head.moves;
    this.state = state;
    this.tell();
    this.draw();
    this.apply();
  }

  tell() {
    const away = this.state && !this.state.teacher ? say("class.away") + " " : "";
    this.say(away + (this.following ? say("class.following") : say("class.looking")));
  }

  /** @param {string} text */
  say(text) {
    if (this.note.textContent !== text) this.note.textContent = text;
  }

  draw() {
    const question = this.state && this.state.question;
    if (!question) return this.vote.replaceChildren();
    if (question.number !== this.asked) [this.asked, this.guess] = [question.number, null];
    const said = this.guess === null ? "" : " " + say("class.you-said", { guess: this.guess });
    const ask = say("class.question", { n: question.n }) + said;
    if (question.open) {
      const held = document.activeElement;
      const at = held ? [...this.vote.querySelectorAll("button")].indexOf(/** @type {any} */ (held)) : -1;
      this.vote.replaceChildren(
        el("p", "", ask),
        ballot(question.n, this.guess, (n) => this.answer(n)),
      );
      if (at >= 0) this.vote.querySelectorAll("button")[at].focus({ preventScroll: true });
      return;
    }
    const kept = keptOf(this.player.stops, question.cycle);
    const counts = question.counts || [];
    this.vote.replaceChildren(el("p", "", votesInWords(counts, kept) + said), bars(counts, kept));
  }

  /** @param {number} guess */
  async answer(guess) {
    try {
      await act("answer", this.code, { pupil: this.link.pupil, number: this.asked, guess });
      this.guess = guess;
      this.draw();
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
  }

  /** Put the teacher's moment on this screen; what comes meanwhile is put there behind it. */
  async apply() {
    if (this.busy || !this.following) return;
    this.busy = true;
    try {
      for (let done = null; done !== this.state && this.following;) {
        done = this.state;
        if (done && done.moment) await this.show(done, done.moment);
      }
    } catch (error) {
      this.say(say("class.unfetched", { why: error instanceof Error ? error.message : String(error) }));
    }
    this.moves = this.player.head.moves;
    this.busy = false;
  }

  /**
   * @param {O.ClassState} state
   * @param {O.ClassMoment} moment
   */
  async show({ question }, moment) {
    const { player } = this;
    await this.open(moment.run);
    player.tabs.show(moment.tab);
    const hides = moment.hidden || (!!question && question.open);
    const phase = hides && ["verify", "commit"].includes(moment.phase) ? "draft" : moment.phase;
    const at = stopOf(player.stops, { cycle: moment.cycle ? String(moment.cycle) : "", phase });
    if (at < 0) return;
    const plays = moment.playing && !hides && at < player.stops.length - 1;
    if (!plays && player.head.playing) player.head.pause();
    if (Math.abs(player.at - at) > (plays ? 1 : 0)) player.head.seek(at);
    player.head.speed = SPEEDS[Math.min(moment.speed, SPEEDS.length - 1)];
    if (plays && !player.head.playing) player.head.play();
    player.wake();
  }

  /** @param {string} run */
  async open(run) {
    const { player } = this;
    if (!run || player.run === run || (player.run || "").split("/")[0] === run) return;
    if (run.startsWith("class/")) {
      this.gallery.count++; // a recorded run that is still on its way comes too late
      player.feed(await filmOf(this.code, run.slice(6)));
    } else {
      const found = this.gallery.find(run);
      if (found) await this.gallery.show(found);
    }
    player.head.pause();
  }
}
