/* A strip of text under a chart, each piece at its place on the chart's x axis; it follows when the chart is zoomed. */

import { closest, el, find } from "../player/dom.js";
import { say } from "../player/messages.js";

const READABLE = 100; // px: the text of narrower pieces is written as one, from the first of them on

/**
 * [left, width] in px of each piece on an axis `length` px long; null where it is out of sight.
 * @param {number[]} from
 * @param {number[][]} sizes
 * @param {(at: number) => number} toPixel
 * @param {number} length
 * @returns {O.Place[]}
 */
export function rulerPlaces(from, sizes, toPixel, length) {
  return from.map((begin, i) => {
    const [left, right] = [begin, begin + sizes.reduce((sum, column) => sum + column[i], 0)].map((at) =>
      Math.max(0, Math.min(length, toPixel(at))),
    );
    return right - left < 1 ? null : [left, right - left];
  });
}

/**
 * Runs of pieces that are wide enough together: [[first, last], ...]; the last run may be narrower.
 * @param {O.Place[]} places
 * @param {number} [zoom]
 */
export function rulerRuns(places, zoom = 1) {
  /** @type {[first: number, last: number][]} */
  const runs = [];
  let first = -1;
  let left = 0; // where the run's first piece begins
  places.forEach((place, i) => {
    if (!place) return;
    if (first < 0) [first, left] = [i, place[0]];
    if (places[i + 1] && place[0] + place[1] - left < READABLE * zoom) return;
    runs.push([first, i]);
    first = -1;
  });
  return runs;
}

/**
 * @param {O.Ruler} spec
 * @param {O.Player} player
 * @param {HTMLElement} frame
 */
export function chartText({ from, sizes, text, first }, player, frame) {
  const box = el("div", "o-ruler");
  box.setAttribute("aria-hidden", "true"); // the chart's table has the same texts
  frame.append(box);
  /** @type {HTMLElement | null} */
  let marked = null;
  let cycle = -1;

  /**
   * @param {HTMLElement} node
   * @param {number} left
   * @param {number} width
   */
  function at(node, left, width) {
    Object.assign(node.style, { left: left + "px", width: width + "px" });
    return node;
  }

  /**
   * @param {[left: number, width: number]} place
   * @param {number} i
   * @param {string} words
   */
  function piece([left, width], i, words) {
    const node = at(el("i"), left, width);
    node.dataset.cycle = String(i);
    node.title = i < 0 ? say("chart_page.first", { words }) : say("chart_page.cycle", { cycle: i + 1, words });
    return node;
  }

  /**
   * @param {number} wanted
   * @param {boolean} [anew]
   */
  function mark(wanted, anew) {
    if (wanted === cycle && !anew) return;
    cycle = wanted;
    if (marked) marked.classList.remove("here");
    marked = find(box, '[data-cycle="' + cycle + '"]');
    if (marked) marked.classList.add("here");
  }

  box.addEventListener("click", (event) => {
    const node = closest(event, "[data-cycle]");
    if (!node) return;
    const clicked = Number(node.dataset.cycle);
    player.seekCycle(clicked, clicked < 0 ? "prefill" : "commit");
  });
  return {
    mark,
    /**
     * @param {O.Chart} chart
     * @param {O.Values} values
     */
    place(chart, { columns, ...values }) {
      const axis = chart._fullLayout.xaxis;
      const [begin, word] = values[first] || [0, ""]; // the first token belongs to no cycle
      const texts = [word, ...columns[text]];
      const taken = sizes.map((name, k) => [word && !k ? 1 : 0, ...columns[name]]);
      const places = rulerPlaces([begin, ...columns[from]], taken, (where) => axis.l2p(where), axis._length);
      Object.assign(box.style, { marginLeft: axis._offset + "px", width: axis._length + "px" });
      const pieces = places.flatMap((place, i) => (place ? [piece(place, i - 1, texts[i])] : []));
      /** @param {[first: number, last: number]} run */
      const label = ([start, last]) => {
        const [[left], [right, width]] = [places[start] || [0, 0], places[last] || [0, 0]];
        const words = texts.slice(start, last + 1).join("");
        return at(el("span", "", words.trimStart()), left, right + width - left);
      };
      const zoom = parseFloat(player.styled("zoom")) || 1;
      box.replaceChildren(...pieces, ...rulerRuns(places, zoom).map(label));
      marked = null;
      mark(cycle, true);
    },
  };
}
