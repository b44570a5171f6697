/* The KV cache's rows. */

import { el } from "../player/dom.js";

/**
 * A bar of named segments, in rows of the cache, on a scale that only facts change.
 * @param {HTMLElement} host
 * @param {O.Spec & {parts: Record<string, string>}} spec
 */
export function cacheRowsPart(host, spec) {
  const bar = el("div", "o-strip");
  const lines = el("div", "o-striplines");
  const legend = el("div", "o-legend");
  for (const [key, label] of Object.entries(spec.parts)) {
    const item = el("span", "o-key");
    item.append(el("i", "seg-" + key), document.createTextNode(label));
    legend.append(item);
  }
  /** @type {Record<string, HTMLElement>} */
  const segments = {};
  for (const key of Object.keys(spec.parts)) bar.append((segments[key] = el("span", "seg-" + key)));
  bar.setAttribute("role", "img");
  host.append(bar, lines, legend);
  return {
    calm: true,
    later: true,
    /**
     * @param {{bar: [string, number][], lines: string[]}} state
     * @param {{rows: number}} facts
     */
    draw(state, facts) {
      const sizes = Object.fromEntries(state.bar);
      for (const [key, node] of Object.entries(segments))
        node.style.width = (100 * (sizes[key] || 0)) / facts.rows + "%";
      lines.replaceChildren(...state.lines.map((line, i) => el("p", i ? "" : "o-first", line)));
      bar.setAttribute("aria-label", state.lines.join(" "));
    },
  };
}
