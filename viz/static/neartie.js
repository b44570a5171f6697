/* The lossless check: a badge, sentences, and where two texts part both texts and both passes' best three. */
(function () {
  "use strict";
  const O = window.OrthrusStage;
  const GLYPH = { good: "✓ ", warn: "! ", bad: "! ", quiet: "", none: "" };

  function list({ name, rows, gap }, heads, player) {
    const box = O.el("div", "o-toplist");
    if (!rows.length) {
      box.append(O.el("p", "o-hint", name + ": not kept in this run."));
      return box;
    }
    const columns = { rank: rows.map((_, i) => i + 1), token: rows.map(([id]) => O.label(player.word(id))), logit: rows.map(([, logit]) => logit) };
    box.append(O.table(gap ? name + ", " + gap : name, heads.map((head) => [head, head]), columns));
    return box;
  }

  function text({ cut, shared, tails }) {
    const box = O.el("div", "o-parting");
    for (const [name, tail, more] of tails) {
      const line = O.el("p");
      line.append(O.el("b", "", name), O.el("span", "", (cut ? "… " : "") + shared), O.el("mark", "", tail || "(ends here)"));
      if (more) line.append(" …");
      box.append(line);
    }
    return box;
  }

  function sentence(said) {
    const node = O.el("p");
    node.append(...O.quoting(said));
    return node;
  }

  O.parts.neartie = function (host, spec, player) {
    const badge = O.el("p", "o-badge");
    const say = O.el("div", "o-sentences");
    const more = O.el("div", "o-microscope");
    host.append(badge, say, more);
    return {
      draw(state, { check }) {
        badge.textContent = GLYPH[check.tone] + check.badge;
        badge.dataset.tone = check.tone;
        say.replaceChildren(...check.say.filter(Boolean).map(sentence));
        more.replaceChildren();
        if (check.texts) more.append(text(check.texts));
        if (check.lists) more.append(...check.lists.map((each) => list(each, spec.heads, player)));
      },
    };
  };
})();
