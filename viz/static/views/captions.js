/* What happens at this stop, at the level of detail the visitor asks for. */

import { el } from "../player/dom.js";
import { pointedWords, worded } from "./caption_words.js";

const READABLE_MS = 1500; // a caption that is shown for less cannot be read

/**
 * @param {HTMLElement} host
 * @param {O.Spec & {levels: O.Choice[]}} spec
 * @param {O.Player} player
 * @returns {O.Part}
 */
export function captionsPart(host, spec, player) {
  const text = el("p", "o-say");
  const choice = el("div", "o-choice");
  let level = spec.levels[0].key;
  /** @type {Record<string, O.Segment[]>} */
  let said = {};
  const buttons = spec.levels.map(({ key, label }) => {
    const node = el("button", "", label);
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
    player.root.dataset.level = level;
    text.replaceChildren(...worded(said[level] || [], player));
    buttons.forEach((node) => node.setAttribute("aria-pressed", String(node.dataset.level === level)));
  };
  host.append(text, choice);
  pointedWords(text, player);
  return {
    levels: {
      first: spec.levels[0].key,
      now: () => level,
      pick: (key) => {
        if (!spec.levels.some((each) => each.key === key)) return;
        level = key;
        show();
      },
    },
    calm: true,
    /**
     * @param {{say: Record<string, O.Segment[]>}} state
     * @param {object} facts
     * @param {O.Now} now
     */
    draw(state, facts, now) {
      // in a fast film only the outcome of each cycle is readable
      if (now.playing && now.wall < READABLE_MS && ["draft", "commit"].includes(now.phase)) return;
      said = state.say;
      host.dataset.phase = now.phase;
      show();
      player.announce(text.textContent);
    },
  };
}
