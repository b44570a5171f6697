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

  // the server chooses the language by the query; a link may name it behind the hash
  const behind = new URLSearchParams(here.hash.slice(1));
  const wanted = behind.get("lang");
  if (wanted !== null) {
    behind.delete("lang");
    here.searchParams.set("lang", wanted);
    here.hash = String(behind);
    location.replace(here.href);
    return;
  }
  // the framework speaks the browser's language; here it is that of the document
  const { lang } = document.documentElement;
  for (const [name, value] of /** @type {[string, any][]} */ ([
    ["language", lang],
    ["languages", [lang]],
  ]))
    if (lang) Object.defineProperty(navigator, name, { configurable: true, get: () => value });

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
   * A message of the document's language.
   * @param {string} key
   * @param {Record<string, string | number>} values
   */
  function say(key, values) {
    const held = document.querySelector("script#o-page");
    const text = String(held && JSON.parse(held.textContent || "").settings.messages[key]);
    return text.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));
  }

  /**
   * Why a request of the page's own came to nothing, in a sentence above the status.
   * @param {string} sentence
   */
  function show(sentence) {
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
    if (reply.status === 404) return say("page.not-found", { address: reply.url, path: here.pathname });
    try {
      const { detail } = await reply.clone().json();
      if (typeof detail === "string") return detail;
    } catch (notOurs) {
      // a proxy's own page
    }
    return say("page.refused", { address: reply.url, status: reply.status });
  }

  const plain = window.fetch;
  window.fetch = async function (...asked) {
    const url = asked[0] instanceof Request ? asked[0].url : String(asked[0]);
    const ours = /\/gradio_api\/(queue|run|call|app_id)\b/.test(url);
    if (ours || /\/gradio_api\/class\b/.test(url)) {
      const headers = new Headers(asked[1]?.headers || (asked[0] instanceof Request ? asked[0].headers : undefined));
      headers.set("x-orthrus-language", lang.slice(0, 2));
      // the server keeps a teacher's run for the class
      if (window.orthrusTeaches && /\/queue\/join\b/.test(url)) headers.set("x-orthrus-class", window.orthrusTeaches);
      asked[1] = { ...asked[1], headers };
    }
    try {
      const reply = await plain.apply(this, asked);
      if (ours) show(reply.ok ? "" : await reason(reply));
      return reply;
    } catch (error) {
      const given = asked[1] && asked[1].signal && asked[1].signal.aborted;
      if (ours && !given)
        show(
          say("page.unreachable", {
            address: here.origin + here.pathname,
            why: String(error instanceof Error ? error.message : error),
          }),
        );
      throw error;
    }
  };
})();
