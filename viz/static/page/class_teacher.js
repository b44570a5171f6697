/* The teacher's side of a class: what is on this screen is sent to the pupils', at most five times a second. */

import { button, el } from "../player/dom.js";
import { say } from "../player/messages.js";
import { SPEEDS } from "../player/speeds.js";
import { nextDraft } from "../views/quiz_score.js";
import { momentOf } from "./address.js";
import { ClassLink, act, spoken } from "./class_link.js";
import { bars, keptOf, votesInWords } from "./class_votes.js";

const LOOK_MS = 200;
const KEPT = "orthrus-class"; // this tab's own storage: a reload does not lose the class, another tab has no part in it

/** The class that this tab taught before a reload; null for none. */
export function taughtBefore() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) || "null");
  } catch (unreadable) {
    return null;
  }
}

export class Teacher {
  /** @type {O.ClassState | null} */
  state = null;
  sent = "";
  busy = false;
  said = "";
  hidden = false;

  /**
   * @param {O.Player} player
   * @param {HTMLElement} box
   * @param {{code: string, token: string}} its
   * @param {(why: string) => void} ended
   */
  constructor(player, box, its, ended) {
    this.player = player;
    this.its = its;
    this.ended = ended;
    sessionStorage.setItem(KEPT, JSON.stringify(its));
    window.orthrusTeaches = its.code + " " + its.token; // page.js sends it along with a live run
    this.note = el("p", "class-note");
    this.note.setAttribute("role", "status");
    this.votes = el("div");
    this.askButton = button(say("class.ask"), () => this.ask());
    this.tell = button(say("class.show"), () => this.show());
    this.done = button(say("class.done"), () => this.act("tell", { shown: false }));
    this.hide = button(say("class.hide"), () => this.veil());
    this.hide.setAttribute("aria-pressed", "false");
    const code = el("b", "class-code o-verbatim", spoken(its.code));
    const where = el("span", "class-where o-verbatim", location.host + location.pathname + "?class=" + its.code);
    const row = el("div", "class-row");
    row.append(code, where, this.askButton, this.tell, this.done, this.hide);
    row.append(button(say("class.end"), () => this.act("end")));
    box.replaceChildren(this.votes, row, this.note);
    this.link = new ClassLink(its.code, its.token, {
      state: (state) => this.heard(state),
      lost: (why) => this.say(why),
      ended: (why) => this.over(why),
    });
    this.link.follow();
    this.timer = window.setInterval(() => this.look(), LOOK_MS);
  }

  /** @param {string} why */
  over(why) {
    clearInterval(this.timer);
    sessionStorage.removeItem(KEPT);
    window.orthrusTeaches = "";
    this.ended(why);
  }

  /** What the pupils are to see; null for a live run that they cannot. */
  moment() {
    const { player } = this;
    const { cycle = "0", phase = "" } = momentOf(player.head.now());
    const live = player.live ? player.run || "" : "";
    if (live && this.state && this.state.film !== live) return null;
    const run = live ? "class/" + live : (player.run || "").split("/")[0];
    const speed = SPEEDS.indexOf(player.head.speed);
    const how = { playing: player.head.playing, hidden: this.hidden, speed: Math.max(0, speed) };
    return { run, cycle: Number(cycle), phase, tab: player.tabs.open, ...how };
  }

  async look() {
    const moment = this.moment();
    if (!moment) return this.say(say("class.unsent"));
    if (this.said === say("class.unsent")) this.count();
    const text = JSON.stringify(moment);
    if (this.busy || !this.state || text === this.sent) return;
    this.busy = true;
    if (await this.act("show", moment)) this.sent = text;
    else await new Promise((done) => setTimeout(done, 1000));
    this.busy = false;
  }

  /**
   * @param {string} name
   * @param {object} [body]
   */
  async act(name, body = {}) {
    try {
      await act(name, this.its.code, body, this.its.token);
      return true;
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async ask() {
    const { player } = this;
    const at = nextDraft(player.stops, player.at, "quiz");
    if (at < 0) return this.say(say("class.no-block"));
    player.head.pause();
    player.head.seek(at);
    const { n } = player.state.quiz.block;
    await this.act("ask", { n, cycle: player.stops[at].c + 1 });
  }

  async show() {
    if (!(await this.act("tell", { shown: true }))) return;
    const cycle = this.state && this.state.question ? this.state.question.cycle : 0;
    this.player.seekCycle(cycle - 1, "verify");
  }

  veil() {
    this.hidden = !this.hidden;
    this.hide.setAttribute("aria-pressed", String(this.hidden));
  }

  /** @param {O.ClassState} state */
  heard(state) {
    if (!this.state) this.sent = ""; // a server that was away may have forgotten it
    this.state = state;
    const { question } = state;
    this.askButton.hidden = !!question;
    this.tell.hidden = !question || !question.open;
    this.done.hidden = !question;
    const kept = question && question.shown ? keptOf(this.player.stops, question.cycle) : -1;
    const counts = question ? question.counts || [] : [];
    this.votes.replaceChildren(...(question ? [el("p", "", votesInWords(counts, kept)), bars(counts, kept)] : []));
    this.count();
  }

  count() {
    const { question = null, pupils = 0 } = this.state || {};
    const all = (question && question.counts) || [];
    const answers = all.reduce((sum, each) => sum + each, 0);
    this.say(question ? say("class.answered", { n: pupils, answers }) : say("class.pupils", { n: pupils }));
  }

  /** @param {string} text */
  say(text) {
    this.said = text;
    if (this.note.textContent !== text) this.note.textContent = text;
  }
}
