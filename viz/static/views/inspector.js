/* The inspector: one slot's alternatives, the diffusion view's list on the left, the AR view's on the right. */

import { button, el, quoting } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { samplingFilters } from "./sampling_filters.js";

const ROW = 27; // px; the connectors between the lists are drawn in the same unit

const percent = (tenths) => (tenths === 0 ? "< 0.1 %" : tenths === 1000 ? "> 99.9 %" : (tenths / 10).toFixed(1) + " %");
const place = (rank) => (rank < 0 ? "beyond 999" : String(rank + 1));
const quoted = (text) => "“" + cellText(text) + "”";

function rankWords(rank) {
  if (rank === undefined) return "not its choice";
  return rank < 0 ? "not among its first 999" : "its number " + (rank + 1);
}

/** The values of a template's braces for slot i; unknown ones leave no gap. */
function values(block, i, player) {
  const at = (name) => (block[name] ? block[name][i - 1] : undefined);
  const odds = (name) => (at(name) === undefined ? "" : " with " + percent(at(name)));
  const both = at("p") === undefined ? "" : ", " + percent(at("q")) + " here and " + percent(at("p")) + " there";
  return {
    guess: quoted(player.word(i ? block.ids[i - 1] : block.anchor)),
    own: block.own && i ? quoted(player.word(at("own"))) : "",
    own_p: odds("own_p"),
    rank: rankWords(at("rank_p")),
    q: odds("q"),
    p: odds("p"),
    gap: at("gap"),
    u: at("u"),
    accept: at("accept") === undefined ? "" : Math.round(100 * at("accept")) + " %",
    both,
  };
}

const filled = (template, known) => template.replace(/\{(\w+)\}/g, (_, name) => known[name]);

/** What to say about slot i: a sentence by its status, one more where it was a close call. */
function sentence(block, i, spec, player) {
  const status = player.settings.statuses[block.status[i]].name;
  const known = values(block, i, player);
  const why = { discarded: block.unjudged, refused: block.refused }[status] || status;
  const said = [filled(spec.sentences[why], known)];
  if (i && ["accepted", "refused"].includes(why) && known.gap !== undefined && known.gap <= spec.near_tie)
    said.push(filled(spec.sentences.near_tie, known));
  if (i && !block.q_top) said.push(spec.sentences.bare);
  return said.join(" ");
}

/** One view's rows; a token of interest beyond the list gets a row of its own with its rank. */
function ranked(ids, parts, extra) {
  const rows = ids.map((id, rank) => ({ id, tenths: parts[rank], rank }));
  if (extra.id !== undefined && !ids.includes(extra.id)) rows.push({ ...extra, beyond: true });
  return rows;
}

function line(row, marks, player) {
  const item = el("li", "o-alt" + (row.beyond ? " beyond" : "") + (row.out ? " out" : ""));
  item.style.setProperty("--p", (row.tenths || 0) / 10 + "%");
  const text = el("span", "o-alttext", cellText(player.word(row.id)));
  const mark = [row.id === marks.guess && "guess", row.id === marks.own && "choice"].filter(Boolean).join(", ");
  const rank = row.beyond && row.rank !== undefined ? "no. " + place(row.rank) : "";
  item.append(
    text,
    el("em", "", mark),
    el("b", "", row.out ? "filtered out" : row.tenths === undefined ? rank : percent(row.tenths)),
  );
  return item;
}

/** Lines between the same token in both lists; their slope is the change of rank. */
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

function column(name, rows, marks, player, tone) {
  const box = el("div", "o-head-" + tone);
  const list = el("ol", "o-alts");
  list.append(...rows.map((row) => line(row, marks, player)));
  box.append(el("h3", "", name), list);
  return box;
}

/** [left rows, right rows] of slot i; the right ones only once the AR view has looked. */
function lists(block, i) {
  const at = (name) => (block[name] ? block[name][i - 1] : undefined);
  if (!i || !block.q_top) return [[], []];
  const left = ranked(at("q_top"), at("q_topp"), { id: at("own"), rank: at("rank_q") });
  if (!block.p_top) return [left, []];
  return [left, ranked(at("p_top"), at("p_topp"), { id: at("ids"), rank: at("rank_p"), tenths: at("p") })];
}

/** ln of a share in tenths of a percent: as many digits as the rounding down to tenths leaves. */
const logOf = (tenths) =>
  tenths < 10
    ? "below −4.6"
    : tenths === 1000
      ? "0.0"
      : Math.log(tenths / 1000)
          .toFixed(1)
          .replace("-", "−");

function numbers(block, i, spec) {
  const show = {
    q: logOf,
    p: logOf,
    rank_q: place,
    rank_p: place,
    overlap: (v) => Math.round(100 * v) + " %",
    accept: (v) => Math.round(100 * v) + " %",
  };
  const found = [];
  for (const [key, { label, about }] of Object.entries(spec.numbers)) {
    const value = i && block[key] ? block[key][i - 1] : undefined;
    if (value === undefined) continue;
    const note = filled(about, { u: block.u ? (block.u[i - 1] === undefined ? "never" : block.u[i - 1]) : "" });
    found.push([label, show[key] ? show[key](value) : value.toFixed(2), note]);
  }
  return found;
}

/** The same as text with tabs, for a spreadsheet. */
function table(block, i, spec, player) {
  const [left, right] = lists(block, i);
  const rows = [["rank", spec.heads[0], "", spec.heads[1], ""]];
  for (let k = 0; k < Math.max(left.length, right.length); k++) {
    const cell = (row) =>
      row ? [cellText(player.word(row.id)), row.tenths === undefined ? "" : percent(row.tenths)] : ["", ""];
    rows.push([k + 1, ...cell(left[k]), ...cell(right[k])]);
  }
  for (const [label, value] of numbers(block, i, spec)) rows.push([label, value]);
  return rows.map((row) => row.join("\t")).join("\n");
}

/** The nodes that stay; only their contents change. */
function shell(host) {
  const parts = { body: el("div", "o-inspected"), where: el("p", "o-where"), told: el("p", "o-told") };
  Object.assign(parts, { heads: el("div", "o-heads"), facts: el("dl", "o-facts"), tools: el("div", "o-tools") });
  parts.body.append(parts.where, parts.told, parts.heads, parts.facts);
  host.append(parts.tools, parts.body);
  return parts;
}

function fillFacts(facts, rows) {
  const item = ([label, value, about]) => {
    const box = el("div");
    box.append(el("dt", "", label), el("dd", "", value), el("dd", "o-hint", about));
    return box;
  };
  facts.replaceChildren(...rows.map(item));
}

function fillHeads(box, block, i, spec, player, filters) {
  const marks = { guess: i ? block.ids[i - 1] : undefined, own: block.own && i ? block.own[i - 1] : undefined };
  const [left, right] = lists(block, i).map(filters.apply);
  const heads = spec.heads.map((head) => (filters.moved() ? head + " (" + spec.filters.mark + ")" : head));
  const columns = [column(heads[0], left, marks, player, "draft"), column(heads[1], right, marks, player, "ar")];
  if (!right.length) columns[1].append(el("p", "o-hint", spec.later));
  box.hidden = filters.box.hidden = !left.length;
  box.replaceChildren(columns[0], connectors(left, right, marks), columns[1]);
}

/** Fill the panel with slot i. */
function fill(host, parts, block, i, spec, player, filters) {
  const { glyph, label, name } = player.settings.statuses[block.status[i]];
  const unjudged = name === "discarded";
  host.dataset.unjudged = String(unjudged);
  parts.where.className = "o-where is-" + name;
  const what = unjudged && block.unjudged === "ended" ? spec.after_end : label;
  parts.where.replaceChildren(el("i", "", glyph), el("b", "", "Slot " + i), document.createTextNode(what));
  parts.told.replaceChildren(...quoting(sentence(block, i, spec, player)));
  fillHeads(parts.heads, block, i, spec, player, filters);
  fillFacts(parts.facts, numbers(block, i, spec));
}

async function copyTable(node, text) {
  const label = node.textContent;
  const done =
    navigator.clipboard &&
    (await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    ));
  node.textContent = done ? "Copied" : "The browser does not allow it";
  setTimeout(() => (node.textContent = label), 1500);
}

export function inspectorPart(host, spec, player) {
  const look = { over: null, chosen: null, pinned: null, open: true, cycle: -1, slot: 0 };
  const parts = shell(host);
  const pin = button("", () => set({ pinned: look.pinned === null ? look.slot : null }));
  const copy = button("Copy as table", () => copyTable(copy, table(block, look.slot, spec, player)));
  const close = button("", () => set({ open: !look.open }));
  parts.tools.append(pin, copy, close);
  let block = null;
  const filters = samplingFilters(spec.filters, () => show());
  parts.body.append(filters.box);

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
    player.root
      .querySelectorAll(".o-slot")
      .forEach((box, i) => box.setAttribute("aria-selected", String(i === marked)));
    parts.body.hidden = pin.hidden = copy.hidden = !open;
    close.textContent = look.open ? "Close (I)" : "Open (I)";
    close.setAttribute("aria-expanded", String(look.open));
    pin.textContent = look.pinned === null ? "Pin slot " + look.slot : "Unpin";
    if (open) fill(host, parts, block, look.slot, spec, player, filters);
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
    calm: true,
    later: true,
    keys: {
      i: () => set({ open: !look.open }),
      Escape: () => set({ pinned: null, chosen: null, over: null }),
    },
    draw(state, _, now) {
      block = state.block;
      if (now.cycle !== look.cycle) look.chosen = null;
      show();
    },
  };
}
