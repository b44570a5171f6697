/* Tokens and numbers as text. */

/** @param {string} sign */
const unseen = (sign) => "U+" + Number(sign.codePointAt(0)).toString(16).toUpperCase().padStart(4, "0");

/**
 * What a token looks like in a small cell: outer spaces, line ends and what has no shape made visible.
 * @param {string} text
 */
export const cellText = (text) =>
  text
    .replace(/^ +| +$/g, (run) => "·".repeat(run.length))
    .replace(/\n/g, "⏎")
    .replace(/\t/g, "⇥")
    .replace(/(?!\u200d.)[\p{Cc}\p{Cf}\u2028\u2029]/gu, unseen); // a joiner between two signs belongs to their shape

/**
 * Text that HTML, or a chart, shows as it is.
 * @param {string} text
 */
export const escaped = (text) => text.replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");

/**
 * A template with its {braces} filled in.
 * @param {string} template
 * @param {Record<string, any>} known
 */
export const filledIn = (template, known) => template.replace(/\{(\w+)\}/g, (_, name) => known[name]);
