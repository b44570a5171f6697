/* The transport bar: play, step, scrub, speed; keys for all of it. */
(function () {
  "use strict";
  const O = window.OrthrusStage;
  const PHASES = [
    ["draft", "1 Draft"],
    ["verify", "2 Verify"],
    ["commit", "3 Commit"],
  ];
  const KEYS = [
    ["Space", "play or pause"],
    ["← →", "one phase back or on"],
    ["Shift + ← →", "one cycle back or on"],
    ["Home, End", "first or last"],
    ["[ ]", "slower or faster"],
    ["I", "inspector"],
    ["Q", "quiz; N next, * takes all"],
    ["Esc", "let go"],
  ];

  function button(text, name, act) {
    const node = O.button(text, act);
    node.setAttribute("aria-label", name);
    node.title = name;
    return node;
  }

  function speedMenu(player) {
    const menu = O.el("select", "o-speed");
    menu.setAttribute("aria-label", "Playback speed");
    O.speeds.forEach((speed, i) => {
      const option = O.el("option", "", speed.label);
      option.value = i;
      menu.append(option);
    });
    menu.addEventListener("change", () => {
      player.head.intro = false;
      player.head.speed = O.speeds[menu.value];
      player.wake();
    });
    return menu;
  }

  /** One tick a cycle, as high as it committed tokens, under a range input that seeks. */
  function track(player) {
    const box = O.el("div", "o-track");
    const ticks = O.el("div", "o-ticks");
    ticks.setAttribute("aria-hidden", "true");
    const range = O.el("input", "o-range");
    range.type = "range";
    range.min = 0;
    range.setAttribute("aria-label", "Position in the run");
    range.addEventListener("input", () => {
      player.head.pause();
      player.head.seek(+range.value);
    });
    box.append(ticks, range);
    return { box, ticks, range };
  }

  function help(player) {
    const box = O.el("details", "o-help");
    box.append(O.el("summary", "o-button", "?"));
    box.firstChild.setAttribute("aria-label", "Keys");
    const list = O.el("dl", "o-keys");
    for (const [key, what] of KEYS) list.append(O.el("dt", "", key), O.el("dd", "", what));
    const label = O.el("label", "", " keys on");
    const on = O.el("input");
    on.type = "checkbox";
    on.checked = true;
    on.addEventListener("change", () => (player.keysOff = !on.checked));
    label.prepend(on);
    const card = O.el("div", "o-pop");
    card.append(list, label);
    box.append(card);
    return box;
  }

  /** A part may own keys: {key: act}; it hears them wherever nobody types. */
  function partsAct(player, key) {
    const owners = Object.values(player.parts).filter((part) => part.keys && part.keys[key]);
    owners.forEach((part) => part.keys[key]());
    return owners.length > 0;
  }

  function act(player, event) {
    const head = player.head;
    switch (event.key) {
      case " ": return head.toggle(), true;
      case "ArrowRight": return event.shiftKey ? head.stepCycle(1) : head.step(1), true;
      case "ArrowLeft": return event.shiftKey ? head.stepCycle(-1) : head.step(-1), true;
      case "Home": return head.pause(), head.seek(0), true;
      case "End": return head.pause(), head.seek(player.stops.length - 1), true;
      case "[": return head.faster(-1), true;
      case "]": return head.faster(1), true;
    }
    return false;
  }

  function listen(player) {
    const typing = "input:not([type=range]), textarea, select, [contenteditable=true]";
    const busy = "input, textarea, select, button, summary, a, [contenteditable=true], [role=option], [role=tab], [role=slider]";
    const onKey = (event) => {
      if (!player.root.isConnected) return document.removeEventListener("keydown", onKey);
      if (player.keysOff || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const within = (selector) => event.target.closest && event.target.closest(selector);
      const letter = /^([a-z?*]|Escape)$/i.test(event.key);
      if (within(letter ? typing : busy)) return;
      if (letter ? partsAct(player, event.key.length === 1 ? event.key.toLowerCase() : event.key) : act(player, event)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
  }

  function steppers(player) {
    const head = player.head;
    const play = button("▶", "Play", () => head.toggle());
    play.classList.add("o-play");
    const row = O.el("div", "o-buttons");
    row.append(
      button("↤", "To the beginning", () => (head.pause(), head.seek(0))),
      button("«", "One cycle back", () => head.stepCycle(-1)),
      button("‹", "One phase back", () => head.step(-1)),
      play,
      button("›", "One phase on", () => head.step(1)),
      button("»", "One cycle on", () => head.stepCycle(1)),
      button("↦", "To the end", () => (head.pause(), head.seek(player.stops.length - 1)))
    );
    return { row, play };
  }

  /** Buttons of the parts that can be opened; one that is not ready yet (a tour of a run without an end) hides. */
  function openers(player) {
    const found = Object.values(player.parts).filter((part) => part.opens);
    const nodes = found.map((part) => button(...part.opens));
    const check = () => nodes.forEach((node, i) => (node.hidden = !!found[i].ready && !found[i].ready()));
    return { nodes, check };
  }

  O.transport = function (player) {
    const bar = player.bar;
    const head = player.head;
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Playback");
    const { row, play } = steppers(player);
    const { box, ticks, range } = track(player);
    const steps = O.el("ol", "o-phases");
    const pills = PHASES.map(([key, text]) => {
      const pill = O.el("li", "", text);
      pill.dataset.phase = key;
      steps.append(pill);
      return pill;
    });
    const place = O.el("span", "o-place");
    const menu = speedMenu(player);
    const live = button("Live ●", "Catch up with the run", () => head.goLive());
    live.classList.add("o-live");
    const right = O.el("div", "o-right");
    const opened = openers(player);
    right.append(menu, live, ...opened.nodes, help(player));
    bar.append(row, steps, place, box, right);
    listen(player);

    let drawn = "";
    return {
      changed() {
        opened.check();
        const cycles = player.stops.filter((stop) => stop.p === "commit");
        while (ticks.childElementCount > cycles.length) ticks.lastChild.remove();
        for (let i = ticks.childElementCount; i < cycles.length; i++) ticks.append(O.el("i"));
        const most = Math.max(1, ...cycles.map((stop) => stop.w));
        cycles.forEach((stop, i) => (ticks.children[i].style.height = (100 * stop.w) / most + "%"));
        range.max = Math.max(0, player.stops.length - 1);
        drawn = "";
      },
      tick(now) {
        const key = [now.at, head.playing, head.follow, player.ended, O.speeds.indexOf(head.speed)].join();
        if (key === drawn) return;
        drawn = key;
        play.textContent = head.playing ? "❚❚" : "▶";
        play.setAttribute("aria-label", head.playing ? "Pause" : "Play");
        play.title = play.getAttribute("aria-label");
        const cycles = ticks.childElementCount;
        const known = now.cycle >= 0 && now.cycle < cycles;
        const where = known ? "cycle " + (now.cycle + 1) + " of " + cycles : now.phase === "finish" ? "finished" : now.phase && "prompt";
        place.textContent = where + (now.slowly ? ", shown slowly" : "");
        pills.forEach((pill) => pill.classList.toggle("on", pill.dataset.phase === now.phase));
        [...ticks.children].forEach((tick, i) => (tick.className = i < now.cycle ? "past" : i === now.cycle ? "here" : ""));
        range.value = Math.max(0, now.at);
        range.setAttribute("aria-valuetext", place.textContent + (known ? ", " + now.phase : ""));
        menu.value = O.speeds.indexOf(head.speed);
        live.hidden = !player.live || player.ended;
        live.classList.toggle("on", head.follow);
      },
    };
  };
})();
