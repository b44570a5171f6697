/* Changes to a view's state, as viz/patches.py defines them: set, merge, rows. */

/**
 * @param {Record<string, any>} state
 * @param {string} op
 * @param {string} key
 * @param {any} value
 * @param {number} at
 */
export function applyChange(state, op, key, value, at) {
  if (op === "set") state[key] = value;
  else if (op === "merge") state[key] = Object.assign({}, state[key], value);
  else if (op === "rows")
    for (const name in value) {
      const column = state[key][name];
      column.length = Math.min(column.length, at);
      for (const item of value[name]) column.push(item);
    }
}
