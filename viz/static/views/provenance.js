/* Where a run was measured, whether its texts agree, and its prompt. */

import { el } from "../player/dom.js";

/** @param {HTMLElement} host */
export function provenancePart(host) {
  const source = el("span", "o-badge");
  const lossless = el("button", "o-badge");
  lossless.type = "button";
  const why = el("span", "o-about");
  const prompt = el("p", "o-prompt");
  const details = el("details", "o-details");
  const list = el("dl");
  details.append(el("summary", "", "How this was measured"), list);
  const line = el("div", "o-badges");
  const wrap = el("span", "o-withabout");
  wrap.append(lossless, why);
  line.append(source, wrap, details);
  host.append(line, prompt);
  return {
    /**
     * @param {{lossless: O.Provenance["lossless"]}} state
     * @param {O.Provenance} facts
     */
    draw(state, facts) {
      const same = state.lossless;
      source.textContent = facts.source.text || "";
      source.dataset.tone = facts.source.tone || "quiet";
      lossless.textContent = (same.tone === "good" ? "✓ " : same.tone === "quiet" ? "" : "! ") + same.text;
      lossless.dataset.tone = same.tone;
      why.textContent = same.about;
      prompt.replaceChildren(el("b", "", "Prompt "), document.createTextNode(facts.prompt));
      prompt.hidden = !facts.prompt;
      list.replaceChildren(...Object.entries(facts.details).flatMap(([k, v]) => [el("dt", "", k), el("dd", "", v)]));
      details.hidden = !list.childElementCount;
    },
  };
}
