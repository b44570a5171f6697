/* Where a run was measured, whether its texts agree, and its prompt. */

import { el } from "../player/dom.js";
import { say } from "../player/messages.js";

/**
 * @param {HTMLElement} host
 * @param {O.ProvenanceSpec} spec
 */
export function provenancePart(host, spec) {
  const source = el("span", "o-badge");
  const lossless = el("button", "o-badge");
  lossless.type = "button";
  const why = el("span", "o-about");
  const prompt = el("p", "o-prompt");
  const details = el("details", "o-details");
  const list = el("dl");
  details.append(el("summary", "", say("provenance_page.how")), list);
  const line = el("div", "o-badges");
  const wrap = el("span", "o-withabout");
  wrap.append(lossless, why);
  line.append(source, wrap, details);
  host.append(line, prompt);
  /** @type {O.Provenance["lossless"]} */
  let found = spec.state.lossless;
  /** @type {O.Provenance["lossless"] | null} */
  let told = null;
  /** @param {O.Provenance["lossless"]} same */
  const tell = (same) => {
    if (same === told) return;
    told = same;
    lossless.textContent = (same.tone === "good" ? "✓ " : same.tone === "quiet" ? "" : "! ") + same.text;
    lossless.dataset.tone = same.tone;
    why.textContent = same.about;
  };
  return {
    /**
     * The comparison is told once both texts have been shown: the last stop begins when Orthrus has ended.
     * @param {O.Now} now
     */
    tick: (now) => tell(now.phase === "finish" && now.share < 1 ? spec.state.lossless : found),
    /**
     * @param {{lossless: O.Provenance["lossless"]}} state
     * @param {O.Provenance} facts
     */
    draw(state, facts) {
      found = state.lossless;
      source.textContent = facts.source.text || "";
      source.dataset.tone = facts.source.tone || "quiet";
      prompt.replaceChildren(el("b", "", say("provenance_page.prompt") + " "), document.createTextNode(facts.prompt));
      prompt.hidden = !facts.prompt;
      list.replaceChildren(...Object.entries(facts.details).flatMap(([k, v]) => [el("dt", "", k), el("dd", "", v)]));
      details.hidden = !list.childElementCount;
    },
  };
}
