/* Nodes of the page, made the same way everywhere: texts come from a model and are never read as HTML. */

/** Parts that show a model's or a visitor's text, or change with every frame: a browser that translates leaves them. */
const VERBATIM = new Set(
  "o-prompt o-text o-slots o-next o-alts o-written o-ruler o-peek o-place o-count o-foot o-chart o-tablebox o-parting o-toplist o-kept o-voice o-verbatim".split(
    " ",
  ),
);

export function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (className && className.split(" ").some((name) => VERBATIM.has(name))) verbatim(node);
  if (text !== undefined) node.textContent = text; // never innerHTML: texts come from a model
  return node;
}

export function verbatim(node) {
  node.translate = false;
  node.classList.add("notranslate"); // some translators know the one mark, some the other
}

/** A sentence in which tokens stand between “ and ”, as nodes: the tokens are not translated. */
export const quoting = (text) =>
  text.split(/(“[^”]*”)/).map((piece, i) => (i % 2 ? el("span", "o-verbatim", piece) : document.createTextNode(piece)));

export function button(text, act) {
  const node = el("button", "o-button", text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

/** A row of buttons of which one is pressed; `pick(i)` at each click. */
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
