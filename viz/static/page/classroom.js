/* The door of a class: open one or join one, by a code or by an address with ?class=CODE. */

import { button, el, find } from "../player/dom.js";
import { say } from "../player/messages.js";
import { act, codeOf, drawCode } from "./class_link.js";
import { Pupil } from "./class_pupil.js";
import { Teacher, taughtBefore } from "./class_teacher.js";

/** The code in this page's address; "" for none. */
export const classHere = () => codeOf(new URLSearchParams(location.search).get("class") || "");

/**
 * @param {O.Player} player
 * @param {O.Gallery} gallery
 */
export function classroom(player, gallery) {
  const bar = el("section", "classbar");
  bar.setAttribute("aria-label", say("class.bar"));
  bar.hidden = true;
  const door = el("details", "classdoor");
  const said = el("p");
  said.setAttribute("role", "status");
  /** @param {boolean} open */
  const shown = (open) => {
    bar.hidden = !open;
    door.hidden = open;
    document.documentElement.classList.toggle("in-class", open);
  };
  /** @param {string} why */
  const ended = (why) => {
    if (!why) return shown(false);
    const note = el("p", "class-note", why);
    note.setAttribute("role", "status");
    bar.replaceChildren(
      note,
      button(say("class.close"), () => shown(false)),
    );
  };
  /** @param {{code: string, token: string}} its */
  const teach = (its) => (shown(true), new Teacher(player, bar, its, ended));
  /** @param {string} code */
  const join = (code) => (shown(true), new Pupil(player, gallery, bar, code, ended));
  fill(door, said, teach, join);
  const head = find(document, "#corner");
  if (head) head.append(door);
  document.body.append(bar);
  const before = taughtBefore();
  if (before) teach(before);
  else if (classHere()) join(classHere());
}

/**
 * @param {HTMLElement} door
 * @param {HTMLElement} said
 * @param {(its: {code: string, token: string}) => void} teach
 * @param {(code: string) => void} join
 */
function fill(door, said, teach, join) {
  const open = button(say("class.open"), async () => {
    try {
      teach(await opened());
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
    }
  });
  const field = el("input");
  Object.assign(field, { type: "text", autocomplete: "off", maxLength: 12, placeholder: say("class.code") });
  field.setAttribute("aria-label", say("class.code-of"));
  const form = el("form");
  form.append(
    field,
    button(say("class.join"), () => form.requestSubmit()),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = codeOf(field.value);
    if (code.length === 6) return join(code);
    said.textContent = say("class.letters", { code: field.value, n: code.length });
  });
  const row = el("div");
  row.append(open, form, said);
  door.append(el("summary", "", say("class.door")), row);
}

/** A new class; another code if one is taken. */
async function opened() {
  for (let left = 3; ; left--) {
    const code = drawCode();
    try {
      return { code, token: (await act("open", code)).token };
    } catch (error) {
      if (!left || /** @type {any} */ (error).code !== "class-taken") throw error;
    }
  }
}
