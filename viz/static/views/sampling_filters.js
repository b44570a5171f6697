/* Sliders over the inspector's lists: what temperature, top-k and top-p would leave of the stored alternatives. */

import { button, el } from "../player/dom.js";
import { localized, say } from "../player/messages.js";

/** Tenths of a percent of a list, best first -> the same after temperature, top-k and top-p; null: filtered out.
 *
 * What is not in the list is one lump: dropped by a top-k or a top-p that ends inside the list, which is then exact.
 * @param {number[]} tenths
 * @param {Record<"temperature" | "k" | "p", number>} how
 */
export function refiltered(tenths, { temperature, k, p }) {
  /** @param {number} share */
  const sharp = (share) => Math.pow(Math.max(0, share), 1 / temperature);
  const weights = tenths.map((value) => sharp(value / 1000));
  const lump = sharp(1 - tenths.reduce((sum, value) => sum + value, 0) / 1000);
  const cut = k < tenths.length;
  const all = weights.reduce((sum, w, i) => (!cut || i < k ? sum + w : sum), cut ? 0 : lump);
  let sum = 0;
  const kept = weights.map((w, i) => {
    const stays = (!cut || i < k) && (i === 0 || sum < p * all);
    if (stays) sum += w;
    return stays;
  });
  const whole = cut || (p < 1 && sum >= p * all) ? sum : sum + lump;
  return weights.map((w, i) => (kept[i] ? Math.round((1000 * w) / (whole || 1)) : null));
}

/**
 * @param {O.Slider} spec
 * @param {() => void} changed
 */
function knob({ key, label, from, to, step, value, off }, changed) {
  const line = el("label", "o-knob");
  const range = el("input");
  Object.assign(range, { type: "range", min: from, max: to, step, value });
  const now = el("output");
  const show = () => (now.textContent = +range.value === off ? say("inspector_page.off") : localized(range.value));
  const back = () => {
    range.value = String(value);
    show();
  };
  range.addEventListener("input", () => {
    show();
    changed();
  });
  show();
  line.append(el("span", "", label), range, now);
  return { key, line, back, moved: () => +range.value !== value, value: () => +range.value };
}

/**
 * The sliders; `apply` changes the rows of one list.
 * @param {O.FilterSpec} spec
 * @param {() => void} changed
 */
export function samplingFilters(spec, changed) {
  const box = el("details", "o-filters");
  box.append(el("summary", "", spec.label));
  const body = el("div", "o-extra");
  const knobs = spec.sliders.map((each) => knob(each, changed));
  const reset = button(spec.reset, () => {
    for (const { back } of knobs) back();
    changed();
  });
  body.append(...knobs.map(({ line }) => line), reset, el("p", "o-hint", spec.about));
  box.append(body);
  const moved = () => knobs.some((each) => each.moved());
  const values = () => Object.fromEntries(knobs.map(({ key, value }) => [key, value()]));
  return {
    box,
    moved,
    /** @param {O.Alternative[]} rows */
    apply(rows) {
      if (!moved()) return rows;
      const listed = rows.filter(({ beyond }) => !beyond);
      const { temperature, k, p } = values();
      const shares = listed.map(({ tenths }) => tenths || 0);
      const found = refiltered(shares, { temperature, k, p });
      return [
        ...listed.map((row, i) => ({ ...row, tenths: found[i] || 0, out: found[i] === null })),
        ...rows.slice(listed.length).map((row) => ({ ...row, tenths: undefined })),
      ];
    },
  };
}
