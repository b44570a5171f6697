/* Nodes of the page, made the same way everywhere: texts come from a model and are never read as HTML. */

/** Parts that show a model's or a visitor's text, or change with every frame: a browser that translates leaves them. */
const NAMES =
  "prompt text slots next alts written ruler peek place count foot chart tablebox parting toplist kept voice verbatim";
const VERBATIM = new Set(NAMES.split(" ").map((name) => "o-" + name));
const TEXTS = "o-prompt o-text o-written o-verbatim".split(" "); // of any language: each in its own direction

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string | number} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  const names = className ? className.split(" ") : [];
  if (names.some((name) => VERBATIM.has(name))) verbatim(node);
  if (names.some((name) => TEXTS.includes(name))) node.dir = "auto";
  if (text !== undefined && text !== null) node.textContent = String(text); // never innerHTML: texts come from a model
  return node;
}

/**
 * The first node, or every node, below `root` that fits a selector.
 * @type {(root: ParentNode, selector: string) => HTMLElement | null}
 */
export const find = (root, selector) => root.querySelector(selector);

/**
 * The same for a node that is there.
 * @type {(root: ParentNode, selector: string) => HTMLElement}
 */
export function need(root, selector) {
  const node = find(root, selector);
  if (!node) throw new Error(selector + " is not in the page");
  return node;
}

/** @type {(root: ParentNode, selector: string) => HTMLElement[]} */
export const findAll = (root, selector) => [
  .../** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector)),
];

/**
 * The node around an event's target that fits a selector.
 * @type {(event: Event, selector: string) => HTMLElement | null}
 */
export const closest = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);

/** @param {HTMLElement} node */
export function verbatim(node) {
  node.translate = false;
  node.classList.add("notranslate"); // some translators know the one mark, some the other
}

/**
 * A sentence in which tokens stand between “ and ”, as nodes: the tokens are not translated.
 * @param {string} text
 */
export const quoting = (text) =>
  text.split(/(“[^”]*”)/).map((piece, i) => (i % 2 ? el("span", "o-verbatim", piece) : document.createTextNode(piece)));

/**
 * @param {string} text
 * @param {(event: MouseEvent) => unknown} act
 */
export function button(text, act) {
  const node = el("button", "o-button", text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

/**
 * Everything around a node hears of what happened in it.
 * @param {Element} node
 * @param {string} name
 * @param {unknown} [detail]
 */
export function announce(node, name, detail) {
  node.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/**
 * A row of buttons of which one is pressed; `pick(i)` at each click.
 * @param {string[]} labels
 * @param {string} name
 * @param {(i: number) => void} pick
 */
export function choice(labels, name, pick) {
  const box = el("div", "o-choice");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", name);
  labels.forEach((label, i) => {
    const node = el("button", "", label);
    node.type = "button";
    node.setAttribute("aria-pressed", String(i === 0));
    node.addEventListener("click", () => {
      [...box.children].forEach((other) => other.setAttribute("aria-pressed", String(other === node)));
      pick(i);
    });
    box.append(node);
  });
  return box;
}

const NARROW = 1000; // px of a window, up to which the stage lies below the form (css/page.css)

/**
 * A stage that a visitor has asked for a run comes into view if the form could lie above it.
 * @param {HTMLElement} root
 */
export function comeIntoView(root) {
  if (innerWidth <= NARROW) root.scrollIntoView({ block: "start" });
}
