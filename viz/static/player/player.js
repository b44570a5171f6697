/* The player: applies patches, draws dirty views, moves a playhead over phases. It knows no model and asks no server.
 *
 * A frame {p, c, ms, w, x} is a stop of the playhead (phase, cycle, measured ms, tokens committed, changes); a frame
 * without p holds facts, true wherever the playhead is. A change is [view, op, key, value, at], as in viz/patches.py.
 * A view's kind is drawn by a part: PARTS[kind](host, spec, player) -> {draw(state, facts, now), tick(now), theme()}.
 */

import { announce, el } from "./dom.js";
import { Measuring } from "./measuring.js";
import { applyChange } from "./patches.js";
import { Playhead } from "./playhead.js";
import { buildStage } from "./stage.js";
import { Tabs } from "./tabs.js";
import { makeTransport } from "./transport.js";

const KEY_EVERY = 12; // stops between snapshots: a jump back replays at most this many
const CALM_MS = 340; // big areas change at most three times a second while playing

export class Player {
  /** @type {Record<string, O.Part>} */
  parts = {};
  /** @type {Record<string, string>} */
  styles = {}; // of the root, as far as they were asked for
  /** @type {O.Tour | null} */
  tour = null;
  /** @type {O.Lecture | null} */
  lecture = null;
  /** @type {O.Library | null} */
  library = null; // lessons and runs, where there are some
  /** @type {O.Quiz | null} */
  quiz = null;
  /** @type {O.Race | null} */
  race = null;
  keysOff = false;
  awake = false; // a frame has been asked for
  moved = false; // by a hand
  answered = false; // the frame before was the answer to a hand
  free = false; // a chart may be redrawn in this frame
  /** @param {string} _mode */
  setTheme = (_mode) => {};

  /** @type {string | undefined} */
  run;
  seq = -1;
  live = false;
  ended = false;
  at = -1;
  /** @type {O.Stop[]} */
  stops = [];
  /** @type {Map<number, Record<string, any>>} */
  keys = new Map();
  /** @type {Record<string, any>} */
  facts = {};
  /** @type {Record<string, any>} */
  state = {};
  /** @type {Set<string>} */
  dirty = new Set();

  /**
   * @param {HTMLElement} root
   * @param {O.Settings} settings
   * @param {O.Options} options
   */
  constructor(root, settings, options) {
    this.root = root;
    this.settings = settings;
    this.options = options || {};
    this.bar = el("div", "o-transport");
    this.voice = el("div", "o-voice");
    this.reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
    this.measuring = new Measuring(this);
    this.tabs = new Tabs(this);
    buildStage(this);
    this.head = new Playhead(this);
    this.transport = makeTransport(this);
    this.reset(null);
  }

  /** Frames are asked for only while something moves or waits to be drawn: a page at rest costs nothing. */
  wake() {
    if (this.awake) return;
    this.awake = true;
    /** @param {number} time */
    const loop = (time) => {
      this.awake = false;
      if (!this.root.isConnected) return; // the page dropped us
      this.frame(time);
      const waiting = Object.values(this.parts).some((part) => part.waits && part.waits());
      if (this.head.playing || this.dirty.size || this.answered || waiting) this.wake();
      else this.head.rest();
    };
    requestAnimationFrame(loop);
  }

  /** @param {O.Message | null} message */
  reset(message) {
    this.run = message ? message.run : undefined;
    this.seq = this.at = -1;
    this.live = !!message && !!message.live;
    this.ended = false;
    [this.stops, this.facts, this.state, this.dirty] = [[], {}, {}, new Set()];
    this.keys = new Map();
    for (const [name, spec] of Object.entries(this.settings.views)) {
      this.facts[name] = structuredClone(spec.facts || {});
      this.state[name] = structuredClone(spec.state || {});
    }
    this.keys.set(-1, structuredClone(this.state));
    this.redraw();
    this.head.reset();
    announce(this.root, "o-began");
  }

  /** Nothing moves until the run that was asked for has begun to wait or has ended. */
  hold() {
    this.measuring.hold();
  }

  /** A message {run, seq, live, frames, end, autoplay, measuring}; a repeated seq is ignored.
   * Another recorded run starts over at once, a live one with its first frames, which come once it is measured.
   * @param {O.Message} message
   */
  feed(message) {
    if (message.run === undefined) return;
    if (!message.live) this.measuring.leave();
    else if (!this.measuring.heard(message)) return;
    if (message.run !== this.run) this.reset(message);
    if (message.seq <= this.seq) return;
    this.seq = message.seq;
    for (const frame of message.frames || []) {
      if ("p" in frame) this.addStop(frame);
      else
        for (const [view, ...change] of frame.x) {
          applyChange(this.facts[view], ...change);
          this.dirty.add(view);
        }
    }
    if (message.end) this.finished();
    this.wake();
    this.transport.changed();
    this.head.fed(message);
  }

  /** The run is whole; what waits for its end hears of it. */
  finished() {
    this.ended = true;
    announce(this.root, "o-ended", { live: this.live, stops: this.stops });
  }

  /** @param {O.Moment} frame */
  addStop(frame) {
    const last = this.stops[this.stops.length - 1];
    this.stops.push({ ...frame, t0: last ? last.t0 + last.ms : 0 });
  }

  /**
   * Put every view into the state after stop i.
   * @param {number} i
   */
  show(i) {
    i = Math.max(-1, Math.min(i, this.stops.length - 1));
    this.moved = true;
    this.wake();
    if (i < this.at) {
      let key = i;
      while (!this.keys.has(key)) key--;
      for (; this.at > i; this.at--) for (const [view] of this.stops[this.at].x) this.dirty.add(view);
      this.state = structuredClone(this.keys.get(key) || {});
      this.at = key;
    }
    while (this.at < i) {
      this.at++;
      for (const [view, ...change] of this.stops[this.at].x) {
        applyChange(this.state[view], ...structuredClone(change));
        this.dirty.add(view);
      }
      if (this.at % KEY_EVERY === 0 && !this.keys.has(this.at)) this.keys.set(this.at, structuredClone(this.state));
    }
  }

  redraw() {
    for (const name in this.parts) this.dirty.add(name);
    this.wake();
  }

  /** Whether a chart may be redrawn in this frame: one at a time, and never in the frame that answers a hand. */
  turn() {
    const free = this.free;
    this.free = false;
    return free;
  }

  /** @param {number} time */
  frame(time) {
    const answers = this.moved && !this.answered; // what the hand is on first; the rest in the frame after it
    this.free = !answers;
    this.answered = answers;
    this.moved = false;
    this.head.advance(time);
    const now = this.head.now();
    for (const name of this.dirty) {
      const part = this.parts[name];
      if (!part || (this.tabs.hides(name) && !part.always))
        this.dirty.delete(name); // drawn when its tab opens
      else if (!(part.calm && now.playing && time - (part.drawn || 0) < CALM_MS) && !(part.later && answers)) {
        this.dirty.delete(name);
        part.drawn = time;
        if (part.draw) part.draw(this.state[name], this.facts[name], now);
      }
    }
    for (const part of Object.values(this.parts)) if (part.tick && !(part.later && answers)) part.tick(now);
    this.transport.tick(now);
  }

  /** @param {number} id */
  word(id) {
    const text = this.facts.words.text[id];
    return text === undefined ? "<" + id + ">" : text;
  }

  /**
   * A property of the root's style, asked of the page once a theme and width: asking lays all of it out.
   * @param {string} property
   */
  styled(property) {
    return (this.styles[property] ??= getComputedStyle(this.root).getPropertyValue(property).trim());
  }

  /** @param {string} name */
  colour(name) {
    return this.styled("--o-" + name);
  }

  /** @param {number} cycle @param {O.Phase} [phase] */
  seekCycle(cycle, phase) {
    const found = this.stops.findIndex((stop) => stop.c === cycle && stop.p === (phase || "commit"));
    if (found >= 0) this.head.seek(found);
  }

  /**
   * One message to screen readers; only while the visitor steps, so that a running film does not chatter.
   * @param {string} text
   */
  announce(text) {
    if (!this.head.playing) this.voice.textContent = text;
  }
}

/** @type {(root: HTMLElement, settings: O.Settings, options: O.Options) => Player} */
export const mount = (root, settings, options) => new Player(root, settings, options);
