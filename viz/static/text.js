/* The written text: one span a token, coloured by what the visitor asks for; a click goes to the token's cycle. */
(function () {
  "use strict";
  const O = window.OrthrusStage;
  const MARKS = [[/ /g, "·"], [/\t/g, "⇥\t"], [/\n/g, "⏎\n"]];

  function toggle(label, title, act) {
    const node = O.button(label, () => {
      const on = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(on));
      act(on);
    });
    node.title = title;
    node.setAttribute("aria-pressed", "false");
    return node;
  }

  function menu(colours, act) {
    const label = O.el("label", "o-by", "Colour by ");
    const select = O.el("select", "o-speed");
    for (const { key, label: name } of colours) {
      const option = O.el("option", "", name);
      option.value = key;
      select.append(option);
    }
    select.addEventListener("change", () => act(colours.find(({ key }) => key === select.value)));
    label.append(select);
    return label;
  }

  /** Copies where the browser allows it; else selects the text, so that the visitor's own copy works. */
  async function copy(text, select) {
    try {
      await navigator.clipboard.writeText(text);
      return "Copied.";
    } catch (error) {
      getSelection().selectAllChildren(select());
      return "Selected: copy it with Ctrl+C.";
    }
  }

  class Written {
    constructor(box, spec, player) {
      Object.assign(this, { box, spec, player, nodes: [], by: spec.colours[0], marks: false });
    }

    /** Bring the spans up to the columns: drop what is gone, mend completed characters, append what is new. */
    write(tokens, cycles) {
      this.tokens = tokens;
      this.cycles = cycles;
      if (this.run !== this.player.run) this.drop(0);
      this.run = this.player.run;
      const n = tokens.by.length;
      this.drop(n);
      this.nodes.forEach((_, i) => this.spell(i));
      const fresh = this.nodes.length;
      for (let i = fresh; i < n; i++) this.add(i);
      const renewed = this.by.key === "ms" && fresh < n; // its scale grows with the run
      for (let i = renewed ? 0 : fresh; i < n; i++) this.paint(i);
      return n - fresh;
    }

    drop(n) {
      while (this.nodes.length > n) {
        const { span, ghost } = this.nodes.pop();
        span.remove();
        if (ghost) ghost.remove();
      }
    }

    add(i) {
      const ids = this.cut(i) ? this.cycles.ghosts[this.tokens.cycle[i]] || [] : [];
      const ghost = ids.length ? this.ghost(ids) : null;
      const span = O.el("span", "o-token");
      span.dataset.i = i;
      if (ghost) this.box.append(ghost);
      this.box.append(span);
      this.nodes.push({ span, ghost, text: null });
      this.spell(i);
    }

    /** The AR view wrote this token where it refused a guess. */
    cut(i) {
      return ["correction", "resampled"].includes(this.player.settings.statuses[this.tokens.by[i]].name);
    }

    ghost(ids) {
      const box = O.el("s", "o-ghosts");
      ids.forEach((id, k) => {
        const each = O.el("span", k ? "is-discarded" : "is-refused", O.label(this.player.word(id)));
        each.title = k ? this.spec.ghosts.discarded : this.spec.ghosts.refused;
        box.append(each);
      });
      return box;
    }

    spell(i) {
      const text = this.tokens.text[i];
      const node = this.nodes[i];
      if (node.text === text && node.marks === this.marks) return;
      node.text = text;
      node.marks = this.marks;
      const marked = text === "" && this.player.settings.statuses[this.tokens.by[i]] ? "⏹" : text;
      node.span.textContent = this.marks ? MARKS.reduce((all, [what, sign]) => all.replace(what, sign), marked) : text;
    }

    value(i) {
      const cycle = this.tokens.cycle[i];
      if (this.by.key === "ms") return cycle < 0 ? 0 : this.cycles.ms[cycle];
      return this.tokens[this.by.key][i];
    }

    /** How strong the colour is, 0 to 1; null where nothing is known. */
    strength(i) {
      const value = this.value(i);
      if (value === null || value === undefined) return null;
      const [low, high] = this.by.range || [0, this.cycles.ms[this.cycles.ms.length - 1] || 1];
      return Math.max(0, Math.min(1, (value - low) / (high - low)));
    }

    paint(i) {
      const { span } = this.nodes[i];
      const name = this.player.settings.statuses[this.tokens.by[i]].name;
      span.className = "o-token" + (this.by.key === "author" ? " is-" + name : this.by.key === "cycle" && this.tokens.cycle[i] & 1 ? " odd" : "");
      if (!this.by.hue && this.by.key !== "ms") return;
      const strength = this.strength(i);
      span.classList.toggle("none", strength === null);
      span.style.setProperty("--s", Math.round(100 * (strength || 0)));
    }

    repaint() {
      this.box.dataset.by = this.by.key;
      this.box.style.setProperty("--hue", "var(--o-" + (this.by.hue || "ink") + ")");
      this.nodes.forEach((_, i) => (this.spell(i), this.paint(i)));
    }

    describe(i) {
      const { by, cycle, q, p, H, gap } = this.tokens;
      const parts = ["token " + (i + 1) + " " + JSON.stringify(this.tokens.text[i]), this.player.settings.statuses[by[i]].label];
      parts.push(cycle[i] < 0 ? "from the prompt's pass" : "cycle " + (cycle[i] + 1));
      if (typeof q[i] === "number") parts.push("diffusion view " + q[i] + " %");
      if (typeof p[i] === "number") parts.push("AR view " + p[i] + " %");
      if (typeof H[i] === "number") parts.push("entropy " + H[i] + " nats");
      if (typeof gap[i] === "number") parts.push("gap " + gap[i] + " logits");
      return parts.join(", ");
    }
  }

  /** Arrow keys walk over the tokens and say what each is; Enter and a click go to its cycle. */
  function walking(box, written, player) {
    let at = -1;
    const go = (i) => {
      const cycle = written.tokens.cycle[i];
      player.head.pause();
      player.seekCycle(cycle, cycle < 0 ? "prefill" : "commit");
    };
    const move = (to) => {
      if (written.nodes[at]) written.nodes[at].span.classList.remove("at");
      at = Math.max(0, Math.min(written.nodes.length - 1, to));
      if (!written.nodes[at]) return;
      written.nodes[at].span.classList.add("at");
      written.nodes[at].span.scrollIntoView({ block: "nearest" });
      player.voice.textContent = written.describe(at);
    };
    box.addEventListener("keydown", (event) => {
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: written.nodes.length - 1 }[event.key];
      if (to === undefined && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation(); // here arrows walk over tokens, elsewhere they step the playhead
      if (to !== undefined) move(to);
      else if (at >= 0) go(at);
    });
    box.addEventListener("click", (event) => {
      const token = event.target.closest(".o-token");
      if (token && getSelection().isCollapsed) move(+token.dataset.i), go(+token.dataset.i);
    });
    box.addEventListener("pointerover", (event) => {
      const token = event.target.closest(".o-token");
      if (token) token.title = written.describe(+token.dataset.i);
    });
  }

  O.parts.output = function (host, spec, player) {
    const tools = O.el("div", "o-kit");
    const legend = O.el("p", "o-hint", spec.colours[0].about);
    const box = O.el("div", "o-written");
    const plain = O.el("pre", "o-written o-plain");
    const tablebox = O.el("div", "o-tablebox");
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", spec.title + ". Arrow keys walk over the tokens.");
    plain.hidden = tablebox.hidden = true;
    const written = new Written(box, spec, player);
    walking(box, written, player);
    const shown = { plain: false, table: false };
    const clean = () => written.tokens.text.join("");
    const show = () => {
      box.hidden = shown.plain || shown.table;
      plain.hidden = !shown.plain || shown.table;
      tablebox.hidden = !shown.table;
      legend.hidden = box.hidden;
      if (shown.plain) plain.textContent = clean();
      if (shown.table) tablebox.replaceChildren(O.table(spec.title, spec.table, readable()));
    };
    /** The columns with names instead of codes. */
    const readable = () => ({
      ...written.tokens,
      by: written.tokens.by.map((code) => player.settings.statuses[code].name),
      cycle: written.tokens.cycle.map((cycle) => cycle + 1),
    });
    const ghosts = toggle("Ghosts", "Show what was thrown away: the refused guess and up to 8 that were never judged", (on) => box.classList.toggle("haunted", on));
    const marks = toggle("· ⇥ ⏎", "Show spaces, tabs and line ends", (on) => ((written.marks = on), written.repaint()));
    const bare = toggle("Plain", "The text alone, for reading and copying", (on) => ((shown.plain = on), show()));
    const twin = toggle("Table", "The same as a table", (on) => ((shown.table = on), show()));
    const csv = O.exportButton("CSV", "One row a token", () => O.save(O.fileName(player, "-text.csv"), [O.csv(O.about(player), spec.table, readable())], "text/csv"));
    const plainly = () => (bare.getAttribute("aria-pressed") === "true" || bare.click(), plain);
    const copied = O.button("Copy", async () => (player.voice.textContent = await copy(clean(), plainly)));
    tools.append(menu(spec.colours, (by) => ((written.by = by), (legend.textContent = by.about), written.repaint())), ghosts, marks, bare, copied, twin, csv);
    host.append(tools, legend, box, plain, tablebox);
    written.tokens = spec.state.tokens;
    written.repaint();
    return {
      calm: true,
      draw(state) {
        const fresh = written.write(state.tokens, state.cycles);
        if (fresh > 0) box.scrollTop = box.scrollHeight;
        show();
      },
    };
  };
})();
