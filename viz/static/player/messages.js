/* The page's messages in its own language, which come with the settings (viz/player/messages.py), and numbers as that
 * language writes them. The key that `say` gets stands there as a literal, or as a literal "area." + the rest.
 */

/** @type {Record<string, O.Wording>} */
let messages = {};
let language = "en";
let rules = new Intl.PluralRules("en");
let decimal = ".";

/**
 * Everything from now on is said in the language of these settings.
 * @param {Pick<O.Settings, "language" | "messages">} settings
 */
export function speak(settings) {
  ({ language, messages } = settings);
  rules = new Intl.PluralRules(language);
  decimal = new Intl.NumberFormat(language).formatToParts(1.5)[1].value;
}

/** The language of the page, as in an address. */
export const spoken = () => language;

/**
 * A message with its {fields} filled in; `n` chooses among plural forms. A field without a value stays as it is.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  const found = messages[key] ?? key;
  const text = typeof found === "string" ? found : (found[rules.select(Number(values.n))] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));
}

/**
 * A number that JavaScript has written ("1234.5"), with the language's decimal sign; rounded the same in every language.
 * @param {string} digits
 */
export const localized = (digits) => digits.replace(".", decimal);

/**
 * @param {number} value
 * @param {number} digits
 */
export const fixed = (value, digits) => localized(value.toFixed(digits));

/** @param {number} value */
export const grouped = (value) => value.toLocaleString(language === "en" ? "en-US" : language);

/**
 * A share of 1 in percent.
 * @param {number} share
 * @param {number} [digits]
 */
export const percent = (share, digits = 0) => say("number.percent", { value: fixed(100 * share, digits) });
