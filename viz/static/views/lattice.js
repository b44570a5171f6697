/* The lattice: a column per slot, the diffusion view's alternatives from the top, both views' ways marked. */

import { el } from "../player/dom.js";
import { cellText } from "../player/format.js";
import { say } from "../player/messages.js";

/**
 * The columns of a block. A token that is not among the alternatives is in the row below them.
 * @param {O.Inspected} block
 * @param {(code: string) => string} nameOf status letter -> its name
 * @returns {O.LatticeColumn[]}
 */
export function latticeOf(block, nameOf) {
  return block.ids.map((guess, i) => {
    const status = nameOf(block.status[i + 1]);
    const own = block.own ? block.own[i] : undefined;
    const unjudged = status === "discarded";
    /** @param {number} id */
    const mark = (id) => {
      if (unjudged) return id === guess ? "unjudged" : "";
      if (id === guess && id === own) return "both";
      return id === guess ? "guess" : id === own ? "own" : "";
    };
    const ids = block.q_top ? block.q_top[i] : [];
    const cells = ids.map((id, rank) => ({ id, mark: mark(id), tenths: block.q_topp[i][rank] }));
    const marked = unjudged ? [guess] : [guess, own].filter((id) => id !== undefined);
    const beyond = [...new Set(marked)]
      .filter((id) => !ids.includes(id))
      .map((id) => ({ id, mark: mark(id), tenths: 0 }));
    return { slot: i + 1, status, cells, beyond };
  });
}

/**
 * @param {O.LatticeSpec} spec
 */
function legend(spec) {
  const box = el("div", "o-legend");
  for (const [mark, label] of spec.legend) {
    const item = el("span", "o-key");
    item.append(el("i", "o-way is-" + mark), document.createTextNode(label));
    box.append(item);
  }
  return box;
}

/**
 * @param {O.LatticeColumn} column
 * @param {O.LatticeSpec} spec
 * @param {O.Player} player
 */
function drawn({ slot, status, cells, beyond }, spec, player) {
  const box = el("div", "o-column is-" + status);
  box.append(el("b", "", String(slot)));
  /** @param {O.LatticeCell} cell */
  const node = ({ id, mark, tenths }) => {
    const text = cellText(player.word(id));
    const item = el("span", "o-way o-verbatim" + (mark ? " is-" + mark : ""), text);
    item.style.setProperty("--p", tenths / 10 + "%");
    item.title = text;
    return item;
  };
  box.append(...cells.map(node));
  for (let i = cells.length; i < spec.rows; i++) box.append(el("span", "o-way none"));
  const last = el("div", "o-beyond");
  last.append(...beyond.map(node));
  box.append(last);
  return box;
}

/**
 * @param {HTMLElement} host
 * @param {O.LatticeSpec} spec
 * @param {O.Player} player
 */
export function latticePart(host, spec, player) {
  const grid = el("div", "o-ways");
  grid.tabIndex = 0;
  grid.setAttribute("role", "img");
  const said = el("p", "o-hint");
  host.append(legend(spec), grid, said);
  /** @param {O.LatticeColumn[]} columns */
  const spoken = (columns) => {
    const both = columns.filter(({ cells }) => cells.some(({ mark }) => mark === "both")).length;
    return say("lattice_page.about", { title: spec.title, n: columns.length, both });
  };
  return {
    calm: true,
    later: true,
    draw() {
      const { block } = player.state[spec.source];
      const columns = block && block.q_top ? latticeOf(block, (code) => player.settings.statuses[code].name) : [];
      grid.hidden = !columns.length;
      said.textContent = !block || columns.length ? "" : block.ids.length ? spec.bare : spec.none;
      const below = columns.some(({ beyond }) => beyond.length);
      if (below) said.textContent = say("lattice_page.beyond", { what: spec.beyond });
      grid.classList.toggle("bare", !below);
      grid.replaceChildren(...columns.map((column) => drawn(column, spec, player)));
      grid.setAttribute("aria-label", spoken(columns));
    },
  };
}
