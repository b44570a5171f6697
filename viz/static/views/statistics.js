/* Runs kept beside the one on show: a chart draws them over it. They stay while other recordings or runs come and go. */

import { button, el } from "../player/dom.js";
import { escaped } from "../player/format.js";
import { say } from "../player/messages.js";

/**
 * A chart's picture with the kept runs in it; each brings columns of its own.
 * @param {O.Picture} picture
 * @param {O.Variant} variant
 * @param {O.KeptRun[]} kept
 * @param {O.Look[]} looks
 */
export function compared(picture, variant, kept, looks) {
  if (!variant.compare) return picture;
  const { x, y, mode } = variant.compare;
  const columns = { ...picture.columns };
  const data = [...picture.data];
  const table = [...picture.table];
  kept.forEach((run, i) => {
    for (const [head, column] of variant.table) {
      columns[column + "/" + i] = run.columns[column];
      table.push([head + ", " + run.name, column + "/" + i]);
    }
    const { line, marker } = looks[i];
    const hover = "%{x}: %{y}<extra>" + escaped(run.name) + "</extra>";
    data.push({
      type: "scatter",
      mode,
      x: x + "/" + i,
      y: y + "/" + i,
      name: escaped(run.name),
      line,
      marker: { ...marker, color: line.color },
      hovertemplate: hover,
    });
  });
  return { ...picture, columns, data, table };
}

/**
 * @param {O.CompareSpec} spec
 * @param {O.Player} player
 * @param {() => void} changed
 */
export function compare(spec, player, changed) {
  const box = el("div", "o-extra");
  const list = el("ul", "o-kept");
  const about = el("p", "o-hint", spec.about);
  const most = spec.looks.length;
  /** @type {O.KeptRun[]} */
  let kept = [];
  /** @type {O.Values | null} */
  let now = null;
  const id = () => player.facts.record.run.name;
  const keep = button(spec.keep, () => {
    if (!now) return;
    const { name = "", note = "", columns } = now;
    kept.push({ id: id(), name, note, columns: structuredClone(columns) });
    show();
    changed();
  });
  box.append(keep, about, list);
  box.hidden = !player.settings.shell; // a saved page holds one run

  /**
   * @param {O.KeptRun} run
   * @param {number} i
   */
  function item(run, i) {
    const line = el("li");
    const drop = button(spec.drop, () => {
      kept = kept.filter((other) => other !== run);
      show();
      changed();
    });
    drop.setAttribute("aria-label", spec.drop + " " + run.name);
    line.append(el("b", "", spec.marks[i] + " " + run.name), " " + run.note + " ", drop);
    return line;
  }

  function show() {
    list.replaceChildren(...kept.map(item));
    keep.disabled =
      !now || !player.ended || !now.columns.length.length || kept.length >= most || kept.some((run) => run.id === id());
  }

  return {
    box,
    /**
     * @param {O.Picture} picture
     * @param {O.Values} values
     * @param {O.Variant} variant
     */
    apply(picture, values, variant) {
      now = values;
      show();
      const others = kept.map((run, i) => ({ run, look: spec.looks[i] })).filter(({ run }) => run.id !== id());
      if (!others.length) return picture;
      const first = {
        ...picture.data[0],
        showlegend: true,
        opacity: spec.opacity,
        name: say("statistics_page.this-run", { name: picture.data[0].name }),
      };
      const named = { ...picture, data: [first, ...picture.data.slice(1)] };
      return compared(
        named,
        variant,
        others.map(({ run }) => run),
        others.map(({ look }) => look),
      );
    },
  };
}
