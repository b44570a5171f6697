/* While a lane of the visitor's own run is timed the stage stands still: drawing would take from what is measured, on
 * the machine that both share. A line now and then says how far it is; a long run shows the end of its text.
 */

import { comeIntoView, el } from "./dom.js";
import { say } from "./messages.js";

export class Measuring {
  /** @param {O.Player} player */
  constructor(player) {
    this.player = player;
    this.run = undefined; // the live run whose messages are taken
    this.come = false; // it has begun, and the stage has come into view
    this.held = false; // a film that goes on if nothing comes of the run
    this.box = el("div", "o-measuring");
    this.line = el("p");
    this.text = el("pre");
    this.text.translate = false;
    this.box.append(this.line, this.text);
    this.box.hidden = true;
  }

  /** The film stands still. */
  hold() {
    const head = this.player.head;
    this.held = this.held || head.playing;
    head.pause();
  }

  /**
   * A message of a live run; whether it is one to be drawn.
   * @param {O.Message} message
   */
  heard(message) {
    if (message.seq === 0) {
      this.run = message.run;
      this.come = false;
    }
    if (message.run !== this.run) return false; // the visitor looks at something else
    const drawn = message.frames.length > 0 || message.run === this.player.run;
    if (message.measuring || message.frames.length) this.arrive();
    if (message.measuring) this.show(message.measuring);
    else {
      this.box.hidden = true;
      if (!drawn && this.held) this.player.head.play();
      this.held = false;
    }
    return drawn;
  }

  /** The run has begun, and a short one has ended. Not at the click: a refused prompt is told why above the stage. */
  arrive() {
    if (!this.come) comeIntoView(this.player.root);
    this.come = true;
  }

  /**
   * The first line only stops the film: a short run has no other.
   * @param {O.Measured} measured
   */
  show({ lane, tokens, text }) {
    this.hold();
    this.line.textContent = say("player.measuring", { lane, n: tokens });
    this.text.textContent = text;
    this.box.hidden = tokens === 0;
  }

  /** Something else is looked at. */
  leave() {
    this.run = undefined;
    this.held = false;
    this.box.hidden = true;
  }
}
