/* The ribbon: one column a slot, the guess above, the AR view's choice below. */

import { el } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { makeTable, tableBox, tableToggle } from "../player/table.js";

// Slots that a step into verdict or commit shows in the frame that answers. The next frame has the others, which a
// verdict's sweep reaches last. A draft is there all at once, as its tokens were.
const FIRST = 8;

function legend(player) {
  const box = el("div", "o-legend");
  for (const code of player.settings.legend) {
    const { name, glyph, label } = player.settings.statuses[code];
    const item = el("span", "o-key is-" + name);
    item.append(el("i", "", glyph), document.createTextNode(label));
    box.append(item);
  }
  return box;
}

function slot(i) {
  const box = el("div", "o-slot");
  box.setAttribute("role", "option");
  box.setAttribute("aria-selected", "false");
  box.tabIndex = i ? -1 : 0;
  box.style.setProperty("--i", i);
  const guess = el("div", "o-cell o-guess");
  const own = el("div", "o-cell o-own");
  for (const cell of [guess, own]) cell.append(el("i"), el("span"));
  box.append(guess, own);
  return { box, guess, own };
}

/** Nothing is written that stands there already: whatever is written is styled and laid out anew. */
const put = (node, name, value) => node[name] === value || (node[name] = value);

function fill(cell, glyph, text) {
  put(cell.children[0], "textContent", glyph);
  put(cell.children[1], "textContent", text);
}

/** One block as columns, a row a slot; what is not known yet is null. */
export function blockColumns(block, player) {
  const at = (name) => [null, ...block.ids.map((_, i) => (block[name] ? block[name][i] : null))];
  const word = (id) => (id === null ? null : cellText(player.word(id)));
  return {
    slot: [...block.status].map((_, i) => i),
    status: [...block.status].map((code) => player.settings.statuses[code].label),
    guess: [block.anchor, ...block.ids].map(word),
    q: at("q"),
    own: at("ar").map(word),
    p: at("p"),
  };
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

export function blockPart(host, spec, player) {
  const list = el("div", "o-slots");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", spec.rows.join("; "));
  const own = el("p", "o-next");
  const tablebox = tableBox();
  let shown = null;
  const kit = el("div", "o-kit");
  kit.append(tableToggle((on) => ((tablebox.hidden = !on), fillTable())));
  const foot = el("div", "o-blockfoot");
  foot.append(own, kit);
  host.append(legend(player), list, tablebox, foot);
  const slots = [];
  let animated, phase, again;
  let motion = ""; // classes of the slots: which phase moves, and under which of its two names
  let rest = null; // the block whose first slots alone are drawn
  roving(list, slots);
  pointing(list, slots);
  const nameOf = (code) => player.settings.statuses[code];
  const fillTable = () => {
    put(list, "hidden", !shown || !tablebox.hidden);
    if (shown && !tablebox.hidden)
      tablebox.replaceChildren(makeTable(spec.title, spec.table, blockColumns(shown, player)));
  };

  function drawSlot(i, block) {
    const { box, guess, own, filled } = slots[i];
    const code = block.status[i];
    const { name, glyph, label } = nameOf(code);
    const word = player.word(i ? block.ids[i - 1] : block.anchor);
    const sure = i && block.q ? block.q[i - 1] : null;
    put(box, "className", "o-slot is-" + name + motion);
    fill(guess, glyph, cellText(word));
    const full = (i ? (sure === null ? 100 : sure) : 100) + "%";
    if (filled !== full) guess.style.setProperty("--fill", (slots[i].filled = full));
    const judged = i && block.ar;
    const choice = judged ? player.word(block.ar[i - 1]) : "";
    fill(own, judged && code === "n" ? nameOf("c").glyph : "", cellText(choice));
    own.classList.toggle("empty", !judged);
    const parts = ["slot " + i, (i ? "guess " : "anchor ") + JSON.stringify(word), label];
    if (sure !== null) parts.push("diffusion view " + sure + " percent");
    if (judged && block.p) parts.push("AR view " + block.p[i - 1] + " percent for it");
    if (judged && code !== "y") parts.push("the AR view's own choice " + JSON.stringify(choice));
    if (code === "d") parts.push(spec.notes[block.unjudged]);
    const text = parts.join(", ");
    if (box.title === text) return;
    box.setAttribute("aria-label", text);
    box.title = text;
  }

  /** How the slots move at this stop: not at all behind a jump, which has no way that could be shown. */
  function setOff(now, stepped) {
    if (now.phase === phase) again = !again; // another name restarts the phase's animation on the same nodes
    phase = now.phase;
    motion = (now.playing ? now.wall > 150 : stepped) ? " go-" + phase + (again ? " again" : "") : "";
    const beat = Math.round(Math.min(600, 0.6 * now.wall)) + "ms"; // every cell inherits it
    if (list.style.getPropertyValue("--beat") !== beat) list.style.setProperty("--beat", beat);
  }

  function drawNext(block) {
    own.replaceChildren();
    if (block.next === undefined) return;
    const [id, code] = block.next || [null, "f"];
    const text = block.next ? cellText(player.word(id)) : "nothing: the text ended inside the block";
    const chip = el("span", "o-chip is-" + nameOf(code).name, (block.next ? nameOf(code).glyph + " " : "") + text);
    const some = (n, one, more) => n + " " + (n === 1 ? one : more);
    own.append(
      some(block.committed, "token joins", "tokens join") +
        " the text: " +
        some(block.kept, "guess", "guesses") +
        " and ",
      chip,
    );
  }

  return {
    calm: true,
    waits: () => rest !== null,
    tick() {
      if (!rest) return;
      if (rest.fresh) return void (rest.fresh = false); // this frame answers
      for (let i = FIRST; i < rest.block.status.length; i++) drawSlot(i, rest.block);
      rest = null;
    },
    draw(state, facts, now) {
      const block = (shown = state.block);
      const stepped = now.at === animated + 1;
      const moved = now.at !== animated;
      animated = now.at;
      rest = null;
      put(host.dataset, "phase", now.phase);
      put(own, "hidden", !block);
      fillTable();
      if (!block) return;
      if (moved) setOff(now, stepped);
      while (slots.length < block.status.length) {
        slots.push(slot(slots.length));
        list.append(slots[slots.length - 1].box);
      }
      slots.forEach(({ box }, i) => put(box, "hidden", i >= block.status.length));
      if (stepped && !now.playing && phase !== "draft") rest = { block, fresh: true };
      for (let i = 0; i < (rest ? Math.min(FIRST, block.status.length) : block.status.length); i++) drawSlot(i, block);
      drawNext(block);
    },
  };
}
