/* The entry module: what the page's own scripts, a saved page and the browser's console may use. */

import { mountGuess } from "./page/guess.js";
import { el } from "./player/dom.js";
import { cellText } from "./player/format.js";
import { mount } from "./player/player.js";
import { SPEEDS } from "./player/speeds.js";

window.OrthrusStage = { mount, el, guess: mountGuess, label: cellText, speeds: SPEEDS };
