/* The inspector: one slot's alternatives, the diffusion view's list on the left, the AR view's on the right. */

import { button, el, quoting } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { say } from "../player/messages.js";
import { chance, lists, numbers, place, sentence, tabbed } from "./inspector_words.js";
import { samplingFilters } from "./sampling_filters.js";

const ROW = 27; // px; the connectors between the lists are drawn in the same unit

/**
 * @param {O.Alternative} row
 * @param {{guess?: number, own?: number}} marks
 * @param {O.Player} player
 */
function line(row, marks, player) {
  const item = el("li", "o-alt" + (row.beyond ? " beyond" : "") + (row.out ? " out" : ""));
  item.style.setProperty("--p", (row.tenths || 0) / 10 + "%");
  const text = el("span", "o-alttext", cellText(player.word(row.id)));
  const [guessed, chosen] = [row.id === marks.guess, row.id === marks.own];
  const both = guessed && chosen ? say("inspector_page.guess-choice") : "";
  const mark = both || (guessed ? say("inspector_page.guess") : chosen ? say("inspector_page.choice") : "");
  const rank = row.beyond && row.rank !== undefined ? say("inspector_page.number", { rank: place(row.rank) }) : "";
  item.append(
    text,
    el("em", "", mark),
    el("b", "", row.out ? say("inspector_page.filtered") : row.tenths === undefined ? rank : chance(row.tenths)),
  );
  return item;
}

/**
 * Lines between the same token in both lists; their slope is the change of rank.
 * @param {O.Alternative[]} left
 * @param {O.Alternative[]} right
 * @param {{guess?: number, own?: number}} marks
 */
function connectors(left, right, marks) {
  const box = el("div", "o-links");
  box.setAttribute("aria-hidden", "true");
  box.style.height = ROW * Math.max(left.length, right.length) + "px";
  left.forEach(({ id }, i) => {
    const j = right.findIndex((row) => row.id === id);
    if (j < 0) return;
    const [from, to] = [(i + 0.5) * ROW - 1, (j + 0.5) * ROW - 1];
    const link = el("i", id === marks.guess ? "main" : "");
    link.style.clipPath = `polygon(0 ${from}px, 100% ${to}px, 100% ${to + 2}px, 0 ${from + 2}px)`;
    box.append(link);
  });
  return box;
}

/**
 * @param {string} name
 * @param {O.Alternative[]} rows
 * @param {{guess?: number, own?: number}} marks
 * @param {O.Player} player
 * @param {string} tone
 */
function column(name, rows, marks, player, tone) {
  const box = el("div", "o-head-" + tone);
  const list = el("ol", "o-alts");
  list.append(...rows.map((row) => line(row, marks, player)));
  box.append(el("h3", "", name), list);
  return box;
}

/**
 * The nodes that stay; only their contents change.
 * @param {HTMLElement} host
 */
function shell(host) {
  const parts = {
    tools: el("div", "o-tools"),
    body: el("div", "o-inspected"),
    where: el("p", "o-where"),
    told: el("p", "o-told"),
    heads: el("div", "o-heads"),
    facts: el("dl", "o-facts"),
  };
  parts.body.append(parts.where, parts.told, parts.heads, parts.facts);
  host.append(parts.tools, parts.body);
  return parts;
}

/**
 * @param {HTMLElement} facts
 * @param {ReturnType<typeof numbers>} rows
 */
function fillFacts(facts, rows) {
  /** @param {string[]} row */
  const item = ([label, value, about]) => {
    const box = el("div");
    box.append(el("dt", "", label), el("dd", "", value), el("dd", "o-hint", about));
    return box;
  };
  facts.replaceChildren(...rows.map(item));
}

/**
 * @param {HTMLElement} box
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.InspectorSpec} spec
 * @param {O.Player} player
 * @param {ReturnType<typeof samplingFilters>} filters
 */
function fillHeads(box, block, i, spec, player, filters) {
  const marks = { guess: i ? block.ids[i - 1] : undefined, own: block.own && i ? block.own[i - 1] : undefined };
  const [left, right] = lists(block, i).map(filters.apply);
  const heads = spec.heads.map((head) =>
    filters.moved() ? say("inspector_page.marked", { head, mark: spec.filters.mark }) : head,
  );
  const columns = [column(heads[0], left, marks, player, "draft"), column(heads[1], right, marks, player, "ar")];
  if (!right.length) columns[1].append(el("p", "o-hint", spec.later));
  box.hidden = filters.box.hidden = !left.length;
  box.replaceChildren(columns[0], connectors(left, right, marks), columns[1]);
}

/**
 * Fill the panel with slot i.
 * @param {HTMLElement} host
 * @param {ReturnType<typeof shell>} parts
 * @param {O.Inspected} block
 * @param {number} i
 * @param {O.InspectorSpec} spec
 * @param {O.Player} player
 * @param {ReturnType<typeof samplingFilters>} filters
 */
function fill(host, parts, block, i, spec, player, filters) {
  const { glyph, label, name } = player.settings.statuses[block.status[i]];
  const unjudged = name === "discarded";
  host.dataset.unjudged = String(unjudged);
  parts.where.className = "o-where is-" + name;
  const what = unjudged && block.unjudged === "ended" ? spec.after_end : label;
  parts.where.replaceChildren(
    el("i", "", glyph),
    el("b", "", say("inspector_page.slot", { slot: i })),
    document.createTextNode(what),
  );
  parts.told.replaceChildren(...quoting(sentence(block, i, spec, player)));
  fillHeads(parts.heads, block, i, spec, player, filters);
  fillFacts(parts.facts, numbers(block, i, spec));
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
async function copyTable(node, text) {
  const label = node.textContent;
  const done =
    navigator.clipboard &&
    (await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    ));
  node.textContent = done ? say("inspector_page.copied") : say("inspector_page.uncopied");
  setTimeout(() => (node.textContent = label), 1500);
}

/**
 * @param {HTMLElement} host
 * @param {O.InspectorSpec} spec
 * @param {O.Player} player
 * @returns {O.Part}
 */
export function inspectorPart(host, spec, player) {
  /** @type {Record<"over" | "chosen" | "pinned", number | null> & {open: boolean, cycle: number, slot: number}} */
  const look = { over: null, chosen: null, pinned: null, open: true, cycle: -1, slot: 0 };
  const parts = shell(host);
  const pin = button("", () => set({ pinned: look.pinned === null ? look.slot : null }));
  const copy = button(
    say("inspector_page.copy"),
    () => block && copyTable(copy, tabbed(block, look.slot, spec, player)),
  );
  const close = button("", () => set({ open: !look.open }));
  parts.tools.append(pin, copy, close);
  /** @type {O.Inspected | null} */
  let block = null;
  const filters = samplingFilters(spec.filters, () => show());
  parts.body.append(filters.box);

  /** @param {Partial<typeof look>} change */
  function set(change) {
    Object.assign(look, change);
    show();
  }

  /** A pinned slot stays; else what is pointed at, what was chosen in this cycle, or the slot worth a look. */
  function show() {
    const wanted = [look.pinned, look.over, look.chosen].find((slot) => slot !== null);
    const open = look.open && !!block;
    look.slot = block ? Math.min(wanted === undefined ? block.look : wanted, block.status.length - 1) : 0;
    const marked = open ? look.slot : -1;
    player.root.querySelectorAll(".o-slot").forEach((box, i) => {
      box.setAttribute("aria-selected", String(i === marked));
      box.toggleAttribute("data-auto", wanted === undefined);
    });
    parts.body.hidden = pin.hidden = copy.hidden = !open;
    close.textContent = look.open ? say("inspector_page.close") : say("inspector_page.open");
    close.setAttribute("aria-expanded", String(look.open));
    pin.textContent =
      look.pinned === null ? say("inspector_page.pin", { slot: look.slot }) : say("inspector_page.unpin");
    if (open && block) fill(host, parts, block, look.slot, spec, player, filters);
  }

  player.root.addEventListener("o-slot", ({ detail: { slot, how } }) => {
    if (how === "pin") set({ pinned: look.pinned === slot ? null : slot, open: true });
    else if (how === "leave") set({ over: null });
    else if (how === "auto")
      Object.assign(look, { over: null, chosen: null }); // the playhead moved: a draw follows
    else if (how === "over") set({ over: slot });
    else set({ chosen: slot, over: null, cycle: player.head.now().cycle, open: how === "choose" || look.open });
  });
  return {
    always: true, // it marks its slot in the block
    calm: true,
    later: true,
    keys: [
      { shown: "I", what: say("inspector_page.key"), acts: { i: () => set({ open: !look.open }) } },
      { acts: { Escape: () => set({ pinned: null, chosen: null, over: null }) } },
    ],
    /**
     * @param {{block: O.Inspected | null}} state
     * @param {object} _
     * @param {O.Now} now
     */
    draw(state, _, now) {
      block = state.block;
      if (now.cycle !== look.cycle) look.chosen = null;
      show();
    },
  };
}
