/* Plotly: its one file, loaded late, and what it makes of a chart besides the chart. */

import { bytesOf, originOf } from "../player/files.js";
import { escaped } from "../player/format.js";
import { say } from "../player/messages.js";

const PICTURE = { width: 1200, height: 640, scale: 2 };

/** @type {Promise<O.Plotly> | undefined} */
let loading;
/**
 * plotly.min.js, loaded once: from its address, or from the page that holds it.
 * @param {string} url
 */
export function loadPlotly(url) {
  if (window.Plotly) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const held = document.querySelector("script#plotly");
    if (held) {
      script.textContent = held.textContent;
      document.head.append(script);
      return window.Plotly ? resolve(window.Plotly) : reject(new Error(say("chart_page.no-plotly")));
    }
    script.src = url;
    script.onload = () =>
      window.Plotly ? resolve(window.Plotly) : reject(new Error(say("chart_page.not-plotly", { url })));
    script.onerror = () => reject(new Error(say("chart_page.unloaded", { file: "plotly.min.js" })));
    document.head.append(script);
  });
  return loading;
}

/**
 * A chart as it stands, on an opaque ground, with its title and where its numbers come from.
 * @param {O.Plotly} plotly
 * @param {O.Chart} chart
 * @param {string} title
 * @param {O.Player} player
 */
export async function chartPicture(plotly, chart, title, player) {
  const ground = player.colour("page");
  const small = { size: 12, color: player.colour("soft") };
  const foot = {
    text: escaped(originOf(player)),
    showarrow: false,
    font: small,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 0,
    yshift: -64,
    xanchor: "left",
    yanchor: "top",
  };
  const layout = {
    ...chart.layout,
    paper_bgcolor: ground,
    plot_bgcolor: ground,
    margin: { l: 70, r: 30, t: 90, b: 100 },
    title: { text: escaped(title), x: 0.02, y: 0.97, yanchor: "top", font: { size: 20, color: player.colour("ink") } },
    annotations: [...(chart.layout.annotations || []), foot],
  };
  const url = await plotly.toImage({ data: chart.data, layout }, { format: "png", ...PICTURE });
  return bytesOf(url.slice(url.indexOf(",") + 1));
}
