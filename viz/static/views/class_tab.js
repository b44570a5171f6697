/* The tab for teachers: the lessons of this page, and the run on show as a presentation. */

import { button, el } from "../player/dom.js";
import { exportButton, saveFile } from "../player/files.js";
import { filledIn } from "../player/format.js";
import { printWorksheet } from "./worksheet.js";
import { pairsList } from "./lesson_card.js";
import { offline } from "./download.js";

/**
 * @param {O.Lecture} lecture
 * @param {O.LessonSpec} spec
 */
export function classTab(lecture, spec) {
  const { player } = lecture;
  const words = spec.class;
  const box = el("section", "o-view o-class");
  box.setAttribute("aria-label", words.title);
  const list = el("ul", "o-lessons");
  const row = el("div", "o-row");
  const said = el("p", "o-hint");
  said.setAttribute("role", "status");
  row.append(
    button(words.present, () => lecture.teach("", 1, true)),
    button(spec.sheet.open, () => (said.textContent = printWorksheet(player, spec.sheet) ? "" : spec.sheet.unfinished)),
    said,
  );
  box.append(el("h2", "o-title", words.title), el("p", "o-hint", words.about), row, list);

  /** @param {string} name */
  const save = async (name) => {
    const lesson = player.library && (await player.library.lesson(name));
    if (!lesson || !player.library || !player.library.pack) return;
    const parts = await offline(player, await player.library.pack(lesson));
    saveFile(name + ".html", parts, "text/html");
  };
  /** @param {O.LessonName} lesson */
  const item = ({ name, title, minutes }) => {
    const node = el("li");
    const acts = el("div", "o-row");
    acts.append(
      button(words.open, () => lecture.teach(name, 1, false)),
      button(words.teach, () => lecture.teach(name, 1, true)),
    );
    if (player.settings.shell) acts.append(exportButton(words.save, title, () => save(name)));
    const about = el("div");
    node.append(el("b", "", title), " ", el("span", "o-hint", filledIn(spec.minutes, { minutes })), acts, about);
    const more = async () => {
      const lesson = player.library && (await player.library.lesson(name));
      if (lesson) about.replaceChildren(pairsList(["goal", "before", "needs"].map((key) => pair(spec, lesson, key))));
    };
    more();
    return node;
  };
  let drawn = -1;
  const draw = () => {
    const lessons = player.library ? player.library.lessons : [];
    if (drawn === lessons.length || player.tabs.hides("class")) return;
    drawn = lessons.length;
    list.replaceChildren(...(drawn ? lessons.map(item) : [el("li", "o-hint", words.none)]));
  };
  return { box, draw };
}

/** @type {(spec: any, lesson: any, key: string) => string[]} */
const pair = (spec, lesson, key) => [spec[key], lesson[key]];
