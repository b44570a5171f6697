/* Runs first in the served page, before the framework: what it needs from an address, a browser or a proxy that it does
 * not expect. It stands inline in the document, so it must be whole, short and without a closing script tag.
 */
(function () {
  "use strict";
  const here = new URL(location.href);
  // relative addresses need the slash; a proxy that shows the page at a path of its own may not give it
  if (!here.pathname.endsWith("/")) {
    here.pathname += "/";
    location.replace(here.href);
    return;
  }

  /** If storage is blocked, one that lasts as long as the page: the framework uses it unasked. */
  for (const name of /** @type {const} */ (["localStorage", "sessionStorage"])) {
    try {
      window[name].getItem("");
    } catch (blocked) {
      /** @type {Map<string, string>} */
      const kept = new Map();
      /** @type {Storage} */
      const value = {
        getItem: (key) => kept.get(String(key)) ?? null,
        setItem: (key, text) => void kept.set(String(key), String(text)),
        removeItem: (key) => void kept.delete(String(key)),
        clear: () => kept.clear(),
        key: (i) => [...kept.keys()][i] ?? null,
        get length() {
          return kept.size;
        },
      };
      Object.defineProperty(window, name, { configurable: true, value });
    }
  }

  // the form's numbers are texts; a phone shows its digits for them all the same
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement && target.matches("[id^='field-'] :is(input, textarea)"))
      target.inputMode = "decimal";
  });

  /** The server cannot know at which address a proxy shows it; the document can. */
  Object.defineProperty(window, "gradio_config", {
    configurable: true,
    set(value) {
      value.root = here.origin + here.pathname.slice(0, -1);
      Object.defineProperty(window, "gradio_config", { configurable: true, writable: true, value });
    },
  });

  /**
   * Why a request of the page's own came to nothing, in a sentence above the status.
   * @param {string} sentence
   */
  function say(sentence) {
    const status = document.querySelector("#status");
    let said = document.querySelector("#unreachable");
    if (!sentence || !status) return said && said.remove();
    if (!said) {
      said = document.createElement("p");
      said.id = "unreachable";
      said.setAttribute("role", "alert");
      status.before(said);
    }
    said.textContent = sentence;
  }

  /** @param {Response} reply */
  async function reason(reply) {
    if (reply.status === 404)
      return (
        "The page's server was not found: " +
        reply.url +
        " answers 404. A proxy on the way must pass on everything below " +
        here.pathname +
        "."
      );
    try {
      const { detail } = await reply.clone().json();
      if (typeof detail === "string") return detail;
    } catch (notOurs) {
      // a proxy's own page
    }
    return "The page's server could not be reached: " + reply.url + " answers " + reply.status + ".";
  }

  const plain = window.fetch;
  window.fetch = async function (...asked) {
    const url = asked[0] instanceof Request ? asked[0].url : String(asked[0]);
    if (window.orthrusTeaches && /\/gradio_api\/queue\/join\b/.test(url)) {
      const headers = new Headers(asked[1]?.headers); // the server keeps this run's film for the class
      headers.set("x-orthrus-class", window.orthrusTeaches);
      asked[1] = { ...asked[1], headers };
    }
    const ours = /\/gradio_api\/(queue|run|call|app_id)\b/.test(url);
    try {
      const reply = await plain.apply(this, asked);
      if (ours) say(reply.ok ? "" : await reason(reply));
      return reply;
    } catch (error) {
      const given = asked[1] && asked[1].signal && asked[1].signal.aborted;
      if (ours && !given)
        say(
          "The page's server could not be reached at " +
            here.origin +
            here.pathname +
            " (" +
            (error instanceof Error ? error.message : error) +
            "). Is it still running?",
        );
      throw error;
    }
  };
})();
