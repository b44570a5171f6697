/* What draws a view, by the kind that its skeleton names. */

import { anatomyPart } from "./anatomy.js";
import { blockPart } from "./block.js";
import { cacheRowsPart } from "./cache_rows.js";
import { captionsPart } from "./captions.js";
import { catchPart } from "./catch.js";
import { chartPart } from "./chart.js";
import { coinPart } from "./coin.js";
import { downloadPart } from "./download.js";
import { draftersPart } from "./drafters.js";
import { inspectorPart } from "./inspector.js";
import { latticePart } from "./lattice.js";
import { looksPart } from "./looks.js";
import { losslessCheckPart } from "./lossless_check.js";
import { pairPart } from "./pair.js";
import { provenancePart } from "./provenance.js";
import { quizPart } from "./quiz.js";
import { racePart } from "./race.js";
import { relaxPart } from "./relax.js";
import { scoreboardPart } from "./scoreboard.js";
import { textPart } from "./text.js";
import { tourPart } from "./tour.js";
import { whatIfPart } from "./whatif.js";

/** @type {Record<string, (host: HTMLElement, spec: any, player: O.Player) => O.Part>} */
export const PARTS = {
  anatomy: anatomyPart,
  badges: provenancePart,
  board: scoreboardPart,
  captions: captionsPart,
  catch: catchPart,
  cells: blockPart,
  coin: coinPart,
  drafters: draftersPart,
  inspector: inspectorPart,
  lanes: racePart,
  lattice: latticePart,
  looks: looksPart,
  neartie: losslessCheckPart,
  output: textPart,
  pair: pairPart,
  plot: chartPart,
  quiz: quizPart,
  record: downloadPart,
  relax: relaxPart,
  strip: cacheRowsPart,
  tour: tourPart,
  whatif: whatIfPart,
};
