/* Small parts made of text: badges, captions, scoreboard, the cache strip. */
(function () {
  "use strict";
  const O = window.OrthrusStage;
  const READABLE_MS = 1500;

  O.parts.badges = function (host, spec, player) {
    const source = O.el("span", "o-badge");
    const lossless = O.el("button", "o-badge");
    lossless.type = "button";
    const why = O.el("span", "o-about");
    const prompt = O.el("p", "o-prompt");
    const details = O.el("details", "o-details");
    const list = O.el("dl");
    details.append(O.el("summary", "", "How this was measured"), list);
    const line = O.el("div", "o-badges");
    const wrap = O.el("span", "o-withabout");
    wrap.append(lossless, why);
    line.append(source, wrap, details);
    host.append(line, prompt);
    return {
      draw(state, facts) {
        source.textContent = facts.source.text || "";
        source.dataset.tone = facts.source.tone || "quiet";
        lossless.textContent = (facts.lossless.tone === "good" ? "✓ " : facts.lossless.tone === "quiet" ? "" : "! ") + facts.lossless.text;
        lossless.dataset.tone = facts.lossless.tone;
        why.textContent = facts.lossless.about;
        prompt.replaceChildren(O.el("b", "", "Prompt "), document.createTextNode(facts.prompt));
        prompt.hidden = !facts.prompt;
        list.replaceChildren(...Object.entries(facts.details).flatMap(([k, v]) => [O.el("dt", "", k), O.el("dd", "", v)]));
        details.hidden = !list.childElementCount;
      },
    };
  };

  O.parts.captions = function (host, spec, player) {
    const text = O.el("p", "o-say");
    const choice = O.el("div", "o-choice");
    let level = spec.levels[0].key;
    let said = {}, words = [];
    const buttons = spec.levels.map(({ key, label }) => {
      const node = O.el("button", "", label);
      node.type = "button";
      node.addEventListener("click", () => {
        level = key;
        show();
      });
      node.dataset.level = key;
      choice.append(node);
      return node;
    });
    const show = () => {
      text.replaceChildren(...O.worded(said[level] || "", words, player));
      buttons.forEach((node) => node.setAttribute("aria-pressed", String(node.dataset.level === level)));
    };
    host.append(text, choice);
    O.pointedWords(text, player);
    return {
      calm: true,
      draw(state, facts, now) {
        // in a fast film only the outcome of each cycle is readable
        if (now.playing && now.wall < READABLE_MS && ["draft", "commit"].includes(now.phase)) return;
        said = state.say;
        words = state.words;
        host.dataset.phase = now.phase;
        show();
        player.announce(text.textContent);
      },
    };
  };

  O.parts.board = function (host, spec) {
    const list = O.el("div", "o-numbers");
    const cells = spec.entries.map(({ key, label, about }) => {
      const cell = O.el("button", "o-number o-withabout");
      cell.type = "button";
      const value = O.el("b", "o-verbatim", "–");
      cell.append(value, O.el("span", "o-name", label), O.el("span", "o-about", about));
      cell.dataset.key = key;
      list.append(cell);
      return [key, value, cell];
    });
    const alarm = O.el("p", "o-alarm");
    alarm.setAttribute("role", "status");
    host.append(list, alarm);
    return {
      later: true,
      draw(state, facts) {
        alarm.textContent = state.values.alarm || "";
        for (const [key, value, cell] of cells) {
          const text = state.values[key] || facts.values[key] || "–";
          if (value.textContent !== text) value.textContent = text;
          cell.classList.toggle("none", text === "–" || text === "not measured");
          cell.classList.toggle("o-lead", key === facts.lead);
          if (key === facts.lead && list.firstChild !== cell) list.prepend(cell);
        }
      },
    };
  };

  /** A bar of named segments, in rows of the cache, on a scale that only facts change. */
  O.parts.strip = function (host, spec) {
    const bar = O.el("div", "o-strip");
    const lines = O.el("div", "o-striplines");
    const legend = O.el("div", "o-legend");
    for (const [key, label] of Object.entries(spec.parts)) {
      const item = O.el("span", "o-key");
      item.append(O.el("i", "seg-" + key), document.createTextNode(label));
      legend.append(item);
    }
    const segments = {};
    for (const key of Object.keys(spec.parts)) bar.append((segments[key] = O.el("span", "seg-" + key)));
    bar.setAttribute("role", "img");
    host.append(bar, lines, legend);
    return {
      calm: true,
      later: true,
      draw(state, facts) {
        const sizes = Object.fromEntries(state.bar);
        for (const [key, node] of Object.entries(segments)) node.style.width = (100 * (sizes[key] || 0)) / facts.rows + "%";
        lines.replaceChildren(...state.lines.map((line, i) => O.el("p", i ? "" : "o-first", line)));
        bar.setAttribute("aria-label", state.lines.join(" "));
      },
    };
  };
})();
