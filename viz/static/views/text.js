/* The written text: one span a token, coloured by what the visitor asks for; a click goes to the token's cycle. */

import { button, closest, el } from "../player/dom.js";
import { exportButton, fileName, originOf, saveFile } from "../player/files.js";
import { say } from "../player/messages.js";
import { csvText, makeTable } from "../player/table.js";
import { TextWindow } from "./text_window.js";

/**
 * @param {string} label
 * @param {string} title
 * @param {(on: boolean) => unknown} act
 */
function toggle(label, title, act) {
  const node = button(label, () => {
    const on = node.getAttribute("aria-pressed") !== "true";
    node.setAttribute("aria-pressed", String(on));
    act(on);
  });
  node.title = title;
  node.setAttribute("aria-pressed", "false");
  return node;
}

/**
 * @param {O.Colour[]} colours
 * @param {(colour: O.Colour) => void} act
 */
function menu(colours, act) {
  const label = el("label", "o-by", say("text_page.by") + " ");
  const select = el("select", "o-speed");
  for (const { key, label: name } of colours) {
    const option = el("option", "", name);
    option.value = key;
    select.append(option);
  }
  select.addEventListener("change", () => act(colours[select.selectedIndex]));
  label.append(select);
  return label;
}

/**
 * Copies where the browser allows it; else selects the text, so that the visitor's own copy works.
 * @param {string} text
 * @param {() => Node} select
 */
async function copy(text, select) {
  try {
    await navigator.clipboard.writeText(text);
    return say("text_page.copied");
  } catch (error) {
    getSelection()?.selectAllChildren(select());
    return say("text_page.selected");
  }
}

/**
 * Arrow keys walk over the tokens and say what each is; Enter and a click go to its cycle.
 * @param {HTMLElement} box
 * @param {TextWindow} written
 * @param {O.Player} player
 */
function walking(box, written, player) {
  let at = -1;
  /** @param {number} i */
  const go = (i) => {
    const cycle = written.tokens.cycle[i];
    player.head.pause();
    player.seekCycle(cycle, cycle < 0 ? "prefill" : "commit");
  };
  /** @param {number} to */
  const move = (to) => {
    if (written.node(at)) written.node(at).span.classList.remove("at");
    at = Math.max(0, Math.min(written.tokens.by.length - 1, to));
    if (written.tokens.by.length && !written.node(at)) written.reveal(at);
    if (!written.node(at)) return;
    written.node(at).span.classList.add("at");
    written.node(at).span.scrollIntoView({ block: "nearest" });
    player.voice.textContent = written.describe(at);
  };
  box.addEventListener("keydown", (event) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: written.tokens.by.length - 1 }[event.key];
    if (to === undefined && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation(); // here arrows walk over tokens, elsewhere they step the playhead
    if (to !== undefined) move(to);
    else if (at >= 0) go(at);
  });
  box.addEventListener("click", (event) => {
    const token = closest(event, ".o-token");
    if (!token || !getSelection()?.isCollapsed) return;
    move(Number(token.dataset.i));
    go(Number(token.dataset.i));
  });
  box.addEventListener("pointerover", (event) => {
    const token = closest(event, ".o-token");
    if (token) token.title = written.describe(Number(token.dataset.i));
  });
}

/**
 * @param {HTMLElement} host
 * @param {O.TextSpec} spec
 * @param {O.Player} player
 */
export function textPart(host, spec, player) {
  const tools = el("div", "o-kit");
  const legend = el("p", "o-hint", spec.colours[0].about);
  const box = el("div", "o-written");
  const plain = el("pre", "o-written o-plain");
  const tablebox = el("div", "o-tablebox");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say("text_page.about", { title: spec.title }));
  plain.hidden = tablebox.hidden = true;
  const written = new TextWindow(box, spec, player);
  walking(box, written, player);
  const shown = { plain: false, table: false };
  const clean = () => written.tokens.text.join("");
  const show = () => {
    box.hidden = shown.plain || shown.table;
    plain.hidden = !shown.plain || shown.table;
    tablebox.hidden = !shown.table;
    legend.hidden = box.hidden;
    if (shown.plain) plain.textContent = clean();
    if (shown.table) tablebox.replaceChildren(makeTable(spec.title, spec.table, readable()));
  };
  /** The columns with names instead of codes. */
  const readable = () => ({
    ...written.tokens,
    by: written.tokens.by.map((code) => player.settings.statuses[code].name),
    cycle: written.tokens.cycle.map((cycle) => cycle + 1),
  });
  const ghosts = toggle(say("text_page.ghosts"), say("text_page.ghosts-about"), (on) =>
    box.classList.toggle("haunted", on),
  );
  const marks = toggle("· ⇥ ⏎", say("text_page.marks"), (on) => ((written.marks = on), written.repaint()));
  const bare = toggle(say("text_page.plain"), say("text_page.plain-about"), (on) => ((shown.plain = on), show()));
  const twin = toggle(say("text_page.table"), say("text_page.table-about"), (on) => ((shown.table = on), show()));
  const csv = exportButton("CSV", say("text_page.csv"), () =>
    saveFile(fileName(player, "-text.csv"), [csvText(originOf(player), spec.table, readable())], "text/csv"),
  );
  const plainly = () => (bare.getAttribute("aria-pressed") === "true" || bare.click(), plain);
  const copied = button(say("text_page.copy"), async () => (player.voice.textContent = await copy(clean(), plainly)));
  tools.append(
    menu(spec.colours, (by) => ((written.by = by), (legend.textContent = by.about || ""), written.repaint())),
    ghosts,
    marks,
    bare,
    copied,
    twin,
    csv,
  );
  host.append(tools, legend, box, plain, tablebox);
  written.tokens = spec.state.tokens;
  written.repaint();
  return {
    calm: true,
    later: true,
    /** @param {O.TextState} state */
    draw(state) {
      const fresh = written.write(state.tokens, state.cycles);
      if (fresh > 0) box.scrollTop = box.scrollHeight;
      show();
    },
  };
}
