/* Taking a run along: the trace, the page as one file, a chart as a picture or a table. All of it is made here, from
 * what the page already holds; only the player's own scripts are read again (the browser has them in its cache).
 */
(function () {
  "use strict";
  const O = window.OrthrusStage;
  const PICTURE = { width: 1200, height: 640, scale: 2 };

  O.save = function (name, parts, type) {
    const url = URL.createObjectURL(new Blob(parts, { type }));
    const link = O.el("a");
    link.href = url;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };

  O.bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  O.fileName = (player, what) => player.facts.record.run.name + what;
  O.about = (player) => player.facts.record.run.about;

  const escaped = (O.escaped = (text) => text.replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";"));
  /** JSON that may stand inside a <script> element; the same as viz/player/frames.py's dumps_for_html. */
  const forHtml = (value) =>
    JSON.stringify(value).replace(/</g, "\\u003c").replace(/\u2028/g, "\\u2028").replace(/\u2029/g, "\\u2029");

  /** Everything the player was fed, as one message: facts as they stand, then every stop. */
  O.message = function (player) {
    const facts = [];
    for (const [view, values] of Object.entries(player.facts))
      for (const [key, value] of Object.entries(values)) facts.push([view, "set", key, value, 0]);
    const stops = player.stops.map(({ p, c, ms, w, x }) => ({ p, c, ms, w, x }));
    const frames = [{ x: [...facts, ...player.facts.record.later] }, ...stops];
    return { run: player.run, seq: 0, live: false, autoplay: true, end: true, frames };
  };

  /** The shell with its {{names}} filled in, as pieces of a file. */
  O.page = function (shell, parts) {
    return shell.page.split(/\{\{(\w+)\}\}/).map((piece, i) => (i % 2 ? parts[piece] : piece));
  };

  /** The stage's own rules out of the page's style elements, without those of the page around it. */
  function style(marks) {
    for (const { textContent } of document.querySelectorAll("style")) {
      const begin = textContent.indexOf(marks[0]);
      const end = textContent.indexOf(marks[1], begin);
      if (begin >= 0 && end >= 0) return textContent.slice(begin, end);
    }
    throw new Error("the stage's style is not in this page");
  }

  /** The text of one of the page's own scripts. */
  async function source(name) {
    const script = [...document.scripts].find(({ src }) => new RegExp("/" + name.replace(/\./g, "\\.") + "(\\?|$)").test(src));
    if (!script) throw new Error(name + " is not in this page");
    return (await fetch(script.src)).text();
  }

  async function offline(player) {
    const { shell, ...settings } = player.settings;
    const sources = await Promise.all(["plotly.min.js", ...shell.scripts].map(source));
    const [plotly, ...scripts] = sources.map((text) => text.replace(/<\/(script)/gi, "<\\/$1"));
    return O.page(shell, {
      title: escaped("Orthrus: " + player.facts.record.run.name),
      style: style(shell.style),
      plotly,
      script: scripts.join("\n"),
      tape: forHtml(O.message(player)),
      settings: forHtml(settings),
      headline: forHtml(shell.headline),
    });
  }

  /** A chart as it stands, on an opaque ground, with its title and where its numbers come from. */
  O.picture = async function (plotly, chart, title, player) {
    const ground = player.colour("page");
    const small = { size: 12, color: player.colour("soft") };
    const foot = { text: escaped(O.about(player)), showarrow: false, font: small, xref: "paper", yref: "paper", x: 0, y: 0, yshift: -64, xanchor: "left", yanchor: "top" };
    const layout = {
      ...chart.layout,
      paper_bgcolor: ground,
      plot_bgcolor: ground,
      margin: { l: 70, r: 30, t: 90, b: 100 },
      title: { text: escaped(title), x: 0.02, y: 0.97, yanchor: "top", font: { size: 20, color: player.colour("ink") } },
      annotations: [...(chart.layout.annotations || []), foot],
    };
    const url = await plotly.toImage({ data: chart.data, layout }, { format: "png", ...PICTURE });
    return O.bytes(url.slice(url.indexOf(",") + 1));
  };

  /** A button whose work may fail: it says so instead of doing nothing. */
  O.exportButton = function (text, title, act) {
    const node = O.button(text, async () => {
      node.disabled = true;
      try {
        await act();
        node.textContent = text;
      } catch (error) {
        node.textContent = text + " did not work";
        node.title = error.message;
      }
      node.disabled = false;
    });
    node.title = title;
    return node;
  };

  /** Every slot of every judged block, a row each; what was not recorded is null. */
  O.slotColumns = function (player, names) {
    const columns = Object.fromEntries(names.map((name) => [name, []]));
    let block = null;
    for (const stop of player.stops)
      for (const [view, , key, value] of stop.x) {
        if (view !== "inspector" || key !== "block") continue;
        block = stop.p === "draft" ? { ...value } : { ...block, ...value };
        if (stop.p === "verify") for (let i = 0; i < block.status.length; i++) slotRow(columns, block, i, stop.c, player);
      }
    return columns;
  };

  function slotRow(columns, block, i, cycle, player) {
    const at = (name) => (i && block[name] ? block[name][i - 1] : undefined);
    const share = (tenths) => (tenths === undefined ? null : tenths / 10);
    const word = (id) => (id === undefined ? null : player.word(id));
    const row = { cycle: cycle + 1, slot: i, status: player.settings.statuses[block.status[i]].name, guess: word(i ? at("ids") : block.anchor), own: word(at("own")), q: share(at("q")), p: share(at("p")), gap: at("gap"), q_H: at("q_H"), p_H: at("p_H") };
    for (const name in columns) columns[name].push(row[name] === undefined ? null : row[name]);
  }

  O.parts.record = function (host, spec, player) {
    const box = O.el("div", "o-kit");
    const wait = O.el("p", "o-hint", spec.waiting);
    const about = O.el("p", "o-hint");
    const trace = () => O.save(O.fileName(player, spec.suffix), [O.bytes(player.facts.record.trace)], "application/gzip");
    const html = async () => O.save(O.fileName(player, ".html"), await offline(player), "text/html");
    box.append(O.exportButton("Trace (.jsonl.gz)", "Every event of the run; python -m orthrus and this page read it", trace));
    const slots = () => O.save(O.fileName(player, "-slots.csv"), [O.csv(O.about(player), spec.slots, O.slotColumns(player, spec.slots.map(([, name]) => name)))], "text/csv");
    box.append(O.exportButton("Slots (.csv)", "One row a slot of every block", slots));
    box.append(O.exportButton("Summary (.md)", "Prompt, text, numbers and where they come from", () => O.save(O.fileName(player, ".md"), [player.facts.record.summary], "text/markdown")));
    // a file made by this button has no shell of its own: it is that page already
    if (player.settings.shell) box.append(O.exportButton("This page as one file (.html)", "Plays offline, without a server", html));
    host.append(box, wait, about);
    return {
      draw(state, facts) {
        for (const node of box.children) node.hidden = !facts.trace;
        wait.hidden = !!facts.trace;
        about.textContent = facts.run.about;
      },
    };
  };
})();
