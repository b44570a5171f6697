/* The ribbon: one column a slot, the guess above, the AR view's choice below. */
(function () {
  "use strict";
  const O = window.OrthrusStage;

  function legend(player) {
    const box = O.el("div", "o-legend");
    for (const code of player.settings.legend) {
      const { name, glyph, label } = player.settings.statuses[code];
      const item = O.el("span", "o-key is-" + name);
      item.append(O.el("i", "", glyph), document.createTextNode(label));
      box.append(item);
    }
    return box;
  }

  function slot(i) {
    const box = O.el("div", "o-slot");
    box.setAttribute("role", "option");
    box.setAttribute("aria-selected", "false");
    box.tabIndex = i ? -1 : 0;
    box.style.setProperty("--i", i);
    const guess = O.el("div", "o-cell o-guess");
    const own = O.el("div", "o-cell o-own");
    for (const cell of [guess, own]) cell.append(O.el("i"), O.el("span"));
    box.append(guess, own);
    return { box, guess, own };
  }

  function fill(cell, glyph, text) {
    cell.children[0].textContent = glyph;
    cell.children[1].textContent = text;
  }

  /** Arrow keys move a roving focus along the slots; they do not step the playhead meanwhile. */
  function roving(list, slots) {
    list.addEventListener("keydown", (event) => {
      const here = slots.findIndex(({ box }) => box === document.activeElement);
      const visible = slots.filter(({ box }) => !box.hidden).length;
      const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: visible - 1 }[event.key];
      if (here < 0 || to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const next = Math.max(0, Math.min(visible - 1, to));
      slots.forEach(({ box }, i) => (box.tabIndex = i === next ? 0 : -1));
      slots[next].box.focus();
    });
  }

  /** What the visitor points at, as events: the inspector and the quiz listen, the ribbon knows neither. */
  function pointing(list, slots) {
    const tell = (how, target) => {
      const slot = slots.findIndex(({ box }) => box.contains(target));
      if (slot < 0 && how !== "leave") return;
      list.dispatchEvent(new CustomEvent("o-slot", { bubbles: true, detail: { slot, how } }));
    };
    list.addEventListener("pointerover", (event) => event.pointerType === "mouse" && tell("over", event.target));
    list.addEventListener("pointerleave", () => tell("leave"));
    list.addEventListener("focusin", (event) => tell("focus", event.target));
    list.addEventListener("click", (event) => tell(event.shiftKey ? "pin" : "choose", event.target));
    list.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      tell(event.shiftKey ? "pin" : "choose", event.target);
    });
  }

  O.parts.cells = function (host, spec, player) {
    const list = O.el("div", "o-slots");
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", spec.rows.join("; "));
    const own = O.el("p", "o-next");
    host.append(legend(player), list, own);
    const slots = [];
    let animated;
    roving(list, slots);
    pointing(list, slots);
    const nameOf = (code) => player.settings.statuses[code];

    function drawSlot(i, block, now) {
      const { box, guess, own } = slots[i];
      const code = block.status[i];
      const { name, glyph, label } = nameOf(code);
      const word = player.word(i ? block.ids[i - 1] : block.anchor);
      const sure = i && block.q ? block.q[i - 1] : null;
      box.className = "o-slot is-" + name;
      fill(guess, glyph, O.label(word));
      guess.style.setProperty("--fill", (i ? (sure === null ? 100 : sure) : 100) + "%");
      const judged = i && block.ar;
      const choice = judged ? player.word(block.ar[i - 1]) : "";
      fill(own, judged && code === "n" ? nameOf("c").glyph : "", O.label(choice));
      own.classList.toggle("empty", !judged);
      const parts = ["slot " + i, (i ? "guess " : "anchor ") + JSON.stringify(word), label];
      if (sure !== null) parts.push("diffusion view " + sure + " percent");
      if (judged && block.p) parts.push("AR view " + block.p[i - 1] + " percent for it");
      if (judged && code !== "y") parts.push("the AR view's own choice " + JSON.stringify(choice));
      if (code === "d") parts.push(spec.notes[block.unjudged]);
      const text = parts.join(", ");
      box.setAttribute("aria-label", text);
      box.title = text;
    }

    return {
      calm: true,
      draw(state, facts, now) {
        const block = state.block;
        host.dataset.phase = now.phase;
        list.hidden = !block;
        own.hidden = !block;
        if (!block) return;
        while (slots.length < block.status.length) {
          slots.push(slot(slots.length));
          list.append(slots[slots.length - 1].box);
        }
        slots.forEach(({ box }, i) => (box.hidden = i >= block.status.length));
        for (let i = 0; i < block.status.length; i++) drawSlot(i, block, now);
        own.replaceChildren();
        if (block.next !== undefined) {
          const [id, code] = block.next || [null, "f"];
          const text = block.next ? O.label(player.word(id)) : "nothing: the text ended inside the block";
          const chip = O.el("span", "o-chip is-" + nameOf(code).name, (block.next ? nameOf(code).glyph + " " : "") + text);
          const some = (n, one, more) => n + " " + (n === 1 ? one : more);
          own.append(some(block.committed, "token joins", "tokens join") + " the text: " + some(block.kept, "guess", "guesses") + " and ", chip);
        }
        if (now.at === animated) return;
        animated = now.at;
        list.classList.remove("go");
        void list.offsetWidth; // restart the phase's animation on the same nodes
        list.style.setProperty("--beat", Math.round(Math.min(600, 0.6 * now.wall)) + "ms");
        if (!now.playing || now.wall > 150) list.classList.add("go");
      },
    };
  };
})();
