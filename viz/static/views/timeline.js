/* The timeline's sliders: what if a pass took longer or less? Everything they change is called simulated, in the note,
 * the table, the picture and the file.
 */

import { button, el } from "../player/dom.js";
import { filledIn } from "../player/format.js";
import { fixed } from "../player/messages.js";

/**
 * The columns and the break-even of a run whose passes took `factors` times as long; times in ms.
 * @param {O.Values} values
 * @param {O.Numbers} factors
 */
export function simulated({ columns, alone }, factors) {
  const draft = columns.draft.map((ms) => ms * factors.draft);
  const verify = columns.verify.map((ms) => ms * factors.verify);
  const cycles = draft.map((ms, i) => ms + verify[i] + columns.judge[i] + columns.host[i]);
  const sum = cycles.reduce((all, ms) => all + ms, 0);
  const n = cycles.length;
  const need = alone && n ? sum / n / alone.token : null;
  const won = need === null ? null : columns.kept.filter((kept, i) => kept + columns.own[i] > need).length;
  const times = alone && alone.run ? alone.run / (sum + (columns.prompt[0] || 0)) : null;
  const longest = Math.max(0, ...cycles.map((ms, i) => ms + columns.instr[i]));
  const line = need === null ? columns.line : columns.line.map(() => need);
  return { columns: { ...columns, draft, verify, line }, need, won, n, times, longest };
}

/**
 * @param {O.Slider} spec
 * @param {() => void} act
 */
function slider({ key, label, from, to, step }, act) {
  const box = el("label", "o-knob");
  const range = el("input");
  Object.assign(range, { type: "range", min: from, max: to, step, value: 1 });
  const value = el("output", "", fixed(1, 2) + "×");
  const show = () => (value.textContent = fixed(+range.value, 2) + "×");
  range.addEventListener("input", () => (show(), act()));
  box.append(el("span", "", label), range, value);
  return { key, box, range, show };
}

/**
 * @param {O.SimulateSpec} spec
 * @param {O.Player} player
 * @param {() => void} changed
 */
export function simulate(spec, player, changed) {
  const box = el("fieldset", "o-extra");
  box.append(el("legend", "", spec.label));
  const sliders = spec.sliders.map((each) => slider(each, () => (mark(), changed())));
  const reset = button(spec.reset, () => {
    for (const { range, show } of sliders) ((range.value = "1"), show());
    mark();
    changed();
  });
  box.append(...sliders.map((each) => each.box), reset);
  const factors = () => Object.fromEntries(sliders.map(({ key, range }) => [key, +range.value]));
  const moved = () => sliders.some(({ range }) => +range.value !== 1);
  const mark = () => (reset.disabled = !moved());
  mark();
  return {
    box,
    /**
     * @param {O.Picture} picture
     * @param {O.Values} values
     */
    apply(picture, values) {
      if (!moved()) return picture;
      const found = simulated(values, factors());
      const known = {
        ...found,
        need: found.need && fixed(found.need, 1),
        times: found.times && fixed(found.times, 2),
      };
      const say = found.need === null ? spec.unknown : filledIn(spec.say, known);
      const whole = found.times === null ? "" : " " + filledIn(spec.whole, known);
      const named = Object.fromEntries(Object.entries(factors()).map(([key, value]) => [key, fixed(value, 2)]));
      const top = Math.max(found.longest, ((values.ranges || {}).yaxis || [0, 0])[1] / 1.06);
      const ranges = { ...values.ranges, yaxis: [0, 1.06 * top] };
      return { ...picture, columns: found.columns, ranges, note: say + whole, mark: filledIn(spec.mark, named) };
    },
  };
}
