/* The entry module: what the page's own scripts, a saved page and the browser's console may use. */

import { boot } from "./page/boot.js";
import { mountGuess } from "./page/guess.js";
import { here } from "./page/address.js";
import { held } from "./page/library.js";
import { dress, follow, land } from "./page/places.js";
import { asked, request } from "./page/request.js";
import { el } from "./player/dom.js";
import { cellText } from "./player/format.js";
import { speak } from "./player/messages.js";
import { mount } from "./player/player.js";
import { SPEEDS } from "./player/speeds.js";

/**
 * A saved page: its run, or the runs of its lesson, at the moment its address names.
 * @param {HTMLElement} stage
 * @param {O.Settings} settings
 * @param {O.Message} tape
 * @param {O.Held | null} kept
 */
function saved(stage, settings, tape, kept) {
  dress();
  speak(settings);
  const fields = here();
  const somewhere = ["cycle", "phase", "tab", "chrome", "lesson", "present", "print"].some((name) => fields[name]);
  const player = mount(stage, settings, { plotly: "", bundle: "", theme: fields.theme, tour: !somewhere });
  window.orthrusPlayer = player;
  player.library = held(kept, player);
  player.feed(tape);
  land(player, fields);
  follow(player);
  return player;
}

window.OrthrusStage = { mount, saved, el, asked, request, guess: mountGuess, label: cellText, speeds: SPEEDS };
boot();
