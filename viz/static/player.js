/* The player: applies patches, draws dirty views, moves a playhead over phases. It knows no model and asks no server.
 *
 * A frame {p, c, ms, w, x} is a stop of the playhead (phase, cycle, measured ms, tokens committed, changes); a frame
 * without p holds facts, true wherever the playhead is. A change is [view, op, key, value, at], as in viz/patches.py.
 * A view's kind is drawn by a part: O.parts[kind](host, spec, player) -> {draw(state, facts, now), tick(now), theme()}.
 */
(function () {
  "use strict";
  const O = (window.OrthrusStage = { parts: {}, extras: {} });
  const KEY_EVERY = 12; // stops between snapshots: a jump back replays at most this many
  const CALM_MS = 340; // big areas change at most three times a second while playing

  O.apply = function (state, op, key, value, at) {
    if (op === "set") state[key] = value;
    else if (op === "merge") state[key] = Object.assign({}, state[key], value);
    else if (op === "rows")
      for (const name in value) {
        const column = state[key][name];
        column.length = Math.min(column.length, at);
        for (const item of value[name]) column.push(item);
      }
  };

  /** Parts that show a model's or a visitor's text, or change with every frame: a browser that translates leaves them. */
  const VERBATIM = new Set("o-prompt o-text o-slots o-next o-alts o-written o-ruler o-peek o-place o-count o-foot o-chart o-tablebox o-parting o-toplist o-kept o-voice o-verbatim".split(" "));

  O.el = function (tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (className && className.split(" ").some((name) => VERBATIM.has(name))) O.verbatim(node);
    if (text !== undefined) node.textContent = text; // never innerHTML: texts come from a model
    return node;
  };

  O.verbatim = function (node) {
    node.translate = false;
    node.classList.add("notranslate"); // some translators know the one mark, some the other
  };

  /** A sentence in which tokens stand between “ and ”, as nodes: the tokens are not translated. */
  O.quoting = (text) => text.split(/(“[^”]*”)/).map((piece, i) => (i % 2 ? O.el("span", "o-verbatim", piece) : document.createTextNode(piece)));

  O.button = function (text, act) {
    const node = O.el("button", "o-button", text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  };

  /** A row of buttons of which one is pressed; `pick(i)` at each click. */
  O.choice = function (labels, name, pick) {
    const box = O.el("div", "o-choice");
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", name);
    labels.forEach((label, i) => {
      const node = O.el("button", "", label);
      node.type = "button";
      node.setAttribute("aria-pressed", String(i === 0));
      node.addEventListener("click", () => {
        [...box.children].forEach((other) => other.setAttribute("aria-pressed", String(other === node)));
        pick(i);
      });
      box.append(node);
    });
    return box;
  };

  const unseen = (sign) => "U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");

  /** What a token looks like in a small cell: outer spaces, line ends and what has no shape made visible. */
  O.label = (text) =>
    text
      .replace(/^ +| +$/g, (run) => "·".repeat(run.length))
      .replace(/\n/g, "⏎")
      .replace(/\t/g, "⇥")
      .replace(/(?!\u200d.)[\p{Cc}\p{Cf}\u2028\u2029]/gu, unseen); // a joiner between two signs belongs to their shape

  class Player {
    constructor(root, settings, options) {
      this.root = root;
      this.settings = settings;
      this.options = options || {};
      this.stops = [];
      this.parts = {};
      this.reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
      this.measuring = new O.Measuring(this);
      O.build(this);
      this.head = new O.Playhead(this);
      this.transport = O.transport(this);
      this.reset({});
    }

    /** Frames are asked for only while something moves or waits to be drawn: a page at rest costs nothing. */
    wake() {
      if (this.awake) return;
      this.awake = true;
      const loop = (time) => {
        this.awake = false;
        if (!this.root.isConnected) return; // the page dropped us
        this.frame(time);
        if (this.head.playing || this.dirty.size || this.answered || Object.values(this.parts).some((part) => part.waits && part.waits()))
          this.wake();
        else this.head.rest();
      };
      requestAnimationFrame(loop);
    }

    reset(message) {
      this.run = message.run;
      this.seq = -1;
      this.live = !!message.live;
      this.ended = false;
      this.stops = [];
      this.keys = new Map();
      this.facts = {};
      this.state = {};
      for (const [name, spec] of Object.entries(this.settings.views)) {
        this.facts[name] = structuredClone(spec.facts || {});
        this.state[name] = structuredClone(spec.state || {});
      }
      this.keys.set(-1, structuredClone(this.state));
      this.at = -1;
      this.dirty = new Set();
      this.redraw();
      this.head.reset();
    }

    /** Nothing moves until the run that was asked for has begun to wait or has ended. */
    hold() {
      this.measuring.hold();
    }

    /** A message {run, seq, live, frames, end, autoplay, measuring}; a repeated seq is ignored.
     *
     * Another recorded run starts over at once, a live one with its first frames, which come once it is measured.
     */
    feed(message) {
      if (message.run === undefined) return;
      if (!message.live) this.measuring.leave();
      else if (!this.measuring.heard(message)) return;
      if (message.run !== this.run) this.reset(message);
      if (message.seq <= this.seq) return;
      this.seq = message.seq;
      for (const frame of message.frames || []) {
        if (frame.p) this.addStop(frame);
        else
          for (const [view, ...change] of frame.x) {
            O.apply(this.facts[view], ...change);
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
      this.root.dispatchEvent(new CustomEvent("o-ended", { bubbles: true, detail: { live: this.live, stops: this.stops } }));
    }

    addStop(frame) {
      const last = this.stops[this.stops.length - 1];
      frame.t0 = last ? last.t0 + last.ms : 0;
      this.stops.push(frame);
    }

    /** Put every view into the state after stop i. */
    show(i) {
      i = Math.max(-1, Math.min(i, this.stops.length - 1));
      this.moved = true;
      this.wake();
      if (i < this.at) {
        let key = i;
        while (!this.keys.has(key)) key--;
        for (; this.at > i; this.at--) for (const [view] of this.stops[this.at].x) this.dirty.add(view);
        this.state = structuredClone(this.keys.get(key));
        this.at = key;
      }
      while (this.at < i) {
        this.at++;
        for (const [view, ...change] of this.stops[this.at].x) {
          O.apply(this.state[view], ...structuredClone(change));
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

    frame(time) {
      const answers = this.moved && !this.answered; // what the hand is on first; the rest in the frame after it
      this.free = !answers;
      this.answered = answers;
      this.moved = false;
      this.head.advance(time);
      const now = this.head.now();
      for (const name of this.dirty) {
        const part = this.parts[name];
        if (!part) this.dirty.delete(name);
        else if (!(part.calm && now.playing && time - (part.drawn || 0) < CALM_MS) && !(part.later && answers)) {
          this.dirty.delete(name);
          part.drawn = time;
          if (part.draw) part.draw(this.state[name], this.facts[name], now);
        }
      }
      for (const part of Object.values(this.parts)) if (part.tick && !(part.later && answers)) part.tick(now);
      this.transport.tick(now);
    }

    word(id) {
      const text = this.facts.words.text[id];
      return text === undefined ? "<" + id + ">" : text;
    }

    /** A property of the root's style, asked of the page once a theme and width: asking lays all of it out. */
    styled(property) {
      if (!(property in this.styles)) this.styles[property] = getComputedStyle(this.root).getPropertyValue(property).trim();
      return this.styles[property];
    }

    colour(name) {
      return this.styled("--o-" + name);
    }

    seekCycle(cycle, phase) {
      const found = this.stops.findIndex((stop) => stop.c === cycle && stop.p === (phase || "commit"));
      if (found >= 0) this.head.seek(found);
    }

    /** One message to screen readers; only while the visitor steps, so that a running film does not chatter. */
    announce(text) {
      if (!this.head.playing) this.voice.textContent = text;
    }
  }

  O.section = function (name, spec) {
    const section = O.el("section", "o-view o-" + name);
    section.setAttribute("aria-label", spec.title || name);
    if (spec.title) section.append(O.el("h2", "o-title", spec.title));
    if (spec.hint) section.append(O.el("p", "o-hint", spec.hint));
    return section;
  };

  /** The page: one section a view in the catalogue's order, the transport bar behind the race, charts in a grid. */
  O.build = function (player) {
    const root = player.root;
    root.classList.add("orthrus");
    root.replaceChildren();
    player.bar = O.el("div", "o-transport");
    player.voice = O.el("div", "o-voice");
    player.voice.setAttribute("aria-live", "polite");
    const charts = O.el("div", "o-charts");
    for (const [name, spec] of Object.entries(player.settings.views)) {
      const make = O.parts[spec.kind];
      if (!make) continue;
      const section = O.section(name, spec);
      (spec.kind === "plot" ? charts : root).append(section);
      player.parts[name] = make(section, spec, player);
      if (spec.kind !== "lanes") continue;
      section.querySelector(".o-lanes").append(player.measuring.box);
      root.append(player.bar);
    }
    root.append(charts, player.voice);
    O.followTheme(player);
  };

  /** Dark or light: the page's body class where there is one to follow, else the system's wish. */
  O.followTheme = function (player) {
    const wish = window.matchMedia("(prefers-color-scheme: dark)");
    const set = () => {
      const dark = player.options.followBody ? document.body.classList.contains("dark") : wish.matches;
      player.root.dataset.theme = player.options.theme || (dark ? "dark" : "light");
      player.styles = {};
      for (const part of Object.values(player.parts)) if (part.theme) part.theme();
      player.wake();
    };
    for (const query of [wish, window.matchMedia("(prefers-contrast: more)"), window.matchMedia("(forced-colors: active)")])
      query.addEventListener("change", set);
    if (player.options.followBody)
      new MutationObserver(set).observe(document.body, { attributes: true, attributeFilter: ["class"] });
    window.addEventListener("resize", () => (player.styles = {})); // on very wide screens the page is zoomed
    player.setTheme = (mode) => {
      player.options.theme = mode;
      set();
    };
    set();
  };

  O.mount = (root, settings, options) => new Player(root, settings, options);
})();
