/* What a block would keep by a rule, as far as the stored numbers decide it. No drawing. */

/**
 * Whether a rule keeps guess i once it has kept those before it; null if the stored numbers do not say.
 *
 * What the exact rule keeps is kept by every rule. Behind the cut of a run with random acceptance no number was drawn,
 * so there only what a rule keeps for certain is known.
 * @param {O.Inspected} block
 * @param {number} i
 * @param {string} status
 * @param {O.JudgeRule} rule
 */
function keeps(block, i, status, rule) {
  if (status === "accepted") return true;
  if (rule.key === "exact") return false;
  if (!block.u && block.own && block.own[i] === block.ids[i]) return true;
  const column = rule.key === "share" ? block.p : block.rank_p;
  if (!column) return null;
  const value = column[i];
  if (rule.key === "share" ? value >= 10 * rule.least : value >= 0 && value < rule.least) return true;
  return block.u && status === "discarded" ? null : false;
}

/**
 * A judged block by a rule.
 * @param {O.Inspected} block
 * @param {O.JudgeRule} rule
 * @param {(code: string) => string} nameOf status letter -> its name
 * @param {(id: number) => boolean} ends whether a token ends the text
 * @returns {O.Relaxed}
 */
export function relaxed(block, rule, nameOf, ends) {
  const statuses = [...block.status].slice(1).map(nameOf);
  const exact = statuses.filter((status) => status === "accepted").length;
  /** @type {O.Relaxed} */
  const found = { exact, kept: 0, let: [], why: "all", how: block.ids.map(() => "open") };
  for (let i = 0; i < block.ids.length; i++) {
    const kept = keeps(block, i, statuses[i], rule);
    if (kept === null) return { ...found, why: "unknown", how: found.how.with(i, "unknown") };
    if (!kept) return { ...found, why: "cut", how: found.how.with(i, "cut") };
    const own = statuses[i] === "accepted" || (!block.u && !!block.own && block.own[i] === block.ids[i]);
    if (!own) found.let.push(i);
    found.how[i] = own ? "own" : "let";
    found.kept++;
    if (ends(block.ids[i])) return { ...found, why: "ended" };
  }
  return found;
}

/**
 * Every judged block of a run, in order; those without a proposal, too.
 * @param {O.Stop[]} stops
 * @param {string} source the view that holds them
 * @returns {O.Inspected[]}
 */
export function judgedBlocks(stops, source) {
  /** @type {any} */
  let drafted = {};
  const found = [];
  for (const stop of stops)
    for (const [view, , key, value] of stop.x) {
      if (view !== source || key !== "block") continue;
      drafted = stop.p === "draft" ? value : { ...drafted, ...value };
      if (stop.p === "verify") found.push(drafted);
    }
  return found;
}

/**
 * The run by a rule: how many cycles are certain to be the same, whether the one behind them differs or cannot be
 * judged, and what the blocks would keep, each taken by itself.
 * @param {O.Relaxed[]} blocks
 */
export function overRun(blocks) {
  const first = blocks.findIndex(
    ({ let: through, why, kept, exact }) => through.length || kept !== exact || why === "unknown",
  );
  /** @param {"kept" | "exact"} name */
  const mean = (name) => blocks.reduce((sum, block) => sum + block[name], 0) / (blocks.length || 1);
  return {
    same: first < 0 ? blocks.length : first,
    parts: first >= 0 && blocks[first].let.length > 0,
    unknown: blocks.some(({ why }) => why === "unknown"),
    more: blocks.filter(({ kept, exact }) => kept > exact).length,
    before: mean("exact"),
    after: mean("kept"),
  };
}
