/* A figure's description made ready for Plotly: '$column' and '@colour' filled in, text grown on wide screens. */

import { escaped } from "../player/format.js";

/**
 * A figure's description with its columns and colours in it.
 * @param {any} value
 * @param {O.Columns} columns
 * @param {Pick<O.Player, "colour">} player
 * @returns {any}
 */
export function filled(value, columns, player) {
  if (Array.isArray(value)) return value.map((item) => filled(item, columns, player));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, filled(v, columns, player)]));
  if (typeof value !== "string") return value;
  // a chart takes its texts for a kind of HTML, and these come from a model
  if (value[0] === "$") return columns[value.slice(1)].map((item) => (typeof item === "string" ? escaped(item) : item));
  return value[0] === "@" ? player.colour(value.slice(1)) : value;
}

/**
 * @param {any} base
 * @param {any} more
 * @returns {any}
 */
export function merged(base, more) {
  const out = { ...base };
  for (const [key, value] of Object.entries(more || {}))
    out[key] =
      value && typeof value === "object" && !Array.isArray(value) && out[key] ? merged(out[key], value) : value;
  return out;
}

/**
 * On very wide screens the page is zoomed and charts are not (their pointer would miss): their text grows instead.
 * @param {any} layout
 * @param {number} by
 * @returns {any}
 */
export function grown(layout, by) {
  if (Array.isArray(layout) || !layout || typeof layout !== "object" || by === 1) return layout;
  /** @type {(entry: [key: string, value: any]) => [string, any]} */
  const one = ([key, value]) => [
    key,
    typeof value === "number" && ["size", "standoff", "l", "r", "t", "b"].includes(key) ? value * by : grown(value, by),
  ];
  return Object.fromEntries(Object.entries(layout).map(one));
}

/**
 * The same for marks and lines; a bar's own width is in the chart's units and stays.
 * @param {any} value
 * @param {number} by
 * @returns {any}
 */
export function grownTrace(value, by) {
  if (by === 1 || Array.isArray(value) || !value || typeof value !== "object") return value;
  /** @type {(entry: [key: string, value: any]) => [string, any]} */
  const one = ([key, part]) => {
    if (key === "line" && part.width) return [key, { ...part, width: part.width * by }];
    return [key, typeof part === "number" && ["size", "thickness"].includes(key) ? part * by : grownTrace(part, by)];
  };
  return Object.fromEntries(Object.entries(value).map(one));
}
