/* The scoreboard: a number and what it means. */

import { el } from "../player/dom.js";
import { say } from "../player/messages.js";

/**
 * @param {HTMLElement} host
 * @param {O.Spec & {entries: O.Choice[]}} spec
 */
export function scoreboardPart(host, spec) {
  const list = el("div", "o-numbers");
  const cells = spec.entries.map(({ key, label, about }) => {
    const cell = el("div", "o-number");
    const value = el("b", "o-verbatim", "–");
    cell.append(value, el("span", "o-name", label), el("span", "o-means", about));
    cell.dataset.key = key;
    list.append(cell);
    return { key, value, cell };
  });
  const alarm = el("p", "o-alarm");
  alarm.setAttribute("role", "status");
  host.append(list, alarm);
  return {
    later: true,
    /**
     * @param {{values: Record<string, string>}} state
     * @param {{values: Record<string, string>, lead: string}} facts
     */
    draw(state, facts) {
      alarm.textContent = state.values.alarm || "";
      for (const { key, value, cell } of cells) {
        const text = state.values[key] || facts.values[key] || "–";
        if (value.textContent !== text) value.textContent = text;
        cell.classList.toggle("none", text === "–" || text === say("number.unmeasured"));
        cell.classList.toggle("o-lead", key === facts.lead);
        if (key === facts.lead && list.firstChild !== cell) list.prepend(cell);
      }
    },
  };
}
