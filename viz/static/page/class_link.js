/* A page's link to its class: acts, and a stream of states that comes back by itself after a loss. */

import { say } from "../player/messages.js";

export const LETTERS = "BCDFGHJKMNPQRTVWXZ"; // as in orthrus/server/classes.py
const LENGTH = 6;
const FIRST_MS = 500;
const MOST_MS = 8000;
const SILENT_MS = 40000; // the server says every 15 s that it lives

/** A code drawn at random, each letter as likely as any other. */
export function drawCode() {
  let code = "";
  while (code.length < LENGTH)
    for (const byte of crypto.getRandomValues(new Uint8Array(16)))
      if (byte < 252 && code.length < LENGTH) code += LETTERS[byte % LETTERS.length]; // 252 is 14 times 18
  return code;
}

/**
 * A code as people type it: blanks, hyphens and small letters do not matter.
 * @param {string} text
 */
export const codeOf = (text) => text.toUpperCase().replace(/[^A-Z]/g, "");

/** @param {string} code */
export const spoken = (code) => code.slice(0, 3) + " " + code.slice(3);

/**
 * @param {string} name
 * @param {Record<string, string>} fields
 */
function address(name, fields) {
  return new URL("./gradio_api/class/" + name + "?" + new URLSearchParams(fields), document.baseURI).href;
}

/**
 * An act of a teacher or a pupil; an Error with the server's own sentence if it refuses.
 * @param {string} name
 * @param {string} code
 * @param {object} body
 * @param {string} [token]
 */
export async function act(name, code, body = {}, token = "") {
  const headers = { "Content-Type": "application/json", "x-class-token": token };
  const reply = await fetch(address(name, { class: code }), { method: "POST", headers, body: JSON.stringify(body) });
  const said = await reply.json().catch(() => ({}));
  if (!reply.ok) throw Object.assign(new Error(said.detail || say("page.answered", { status: reply.status })), said);
  return said;
}

/**
 * The film of the class's live run.
 * @param {string} code
 * @param {string} run
 */
export async function filmOf(code, run) {
  const reply = await fetch(address("film", { class: code, run }));
  if (!reply.ok) throw new Error(say("page.answered", { status: reply.status }));
  return reply.json();
}

/**
 * The whole events of a text of server-sent events, and the rest of it.
 * @param {string} text
 * @returns {{events: {name: string, data: any}[], rest: string}}
 */
export function eventsOf(text) {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() || "";
  const events = blocks.flatMap((block) => {
    const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(block) || [];
    return name ? [{ name, data: JSON.parse(data) }] : [];
  });
  return { events, rest };
}

export class ClassLink {
  over = false;
  pupil = "";
  known = false; // a stream has been open

  /**
   * @param {string} code
   * @param {string} token
   * @param {{state(state: O.ClassState): void, lost(why: string): void, ended(why: string): void}} told
   */
  constructor(code, token, told) {
    this.code = code;
    this.token = token;
    this.told = told;
    this.abort = new AbortController();
    window.addEventListener("offline", () => this.abort.abort()); // a browser keeps a stream that nothing comes through
  }

  async follow() {
    let wait = FIRST_MS;
    while (!this.over) {
      let why = "";
      try {
        why = await this.stream();
        if (this.known && !why) wait = FIRST_MS;
      } catch (lost) {
        // the network, or a server that is being started
      }
      if (this.over) return;
      this.told.lost(why || say("class.lost"));
      await new Promise((done) => setTimeout(done, wait * (0.75 + Math.random() / 2))); // thirty do not come at once
      wait = Math.min(MOST_MS, 2 * wait);
    }
  }

  /** One stream until it ends; a refusal's sentence. */
  async stream() {
    this.abort = new AbortController();
    const reply = await fetch(address("follow", { class: this.code, pupil: this.pupil }), {
      headers: this.token ? { "x-class-token": this.token } : {},
      cache: "no-store",
      signal: this.abort.signal,
    });
    if (reply.ok && reply.body) {
      this.known = true;
      await this.read(reply.body.getReader());
      return "";
    }
    const { detail, code } = await reply.json().catch(() => ({}));
    if (code === "class-unknown" || code === "not-the-teacher") this.end(this.known ? say("class.ended") : detail);
    return detail || "";
  }

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
  async read(reader) {
    const decoder = new TextDecoder();
    let text = "";
    let silent = 0;
    for (;;) {
      clearTimeout(silent);
      silent = window.setTimeout(() => this.abort.abort(), SILENT_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silent));
      if (done) return;
      const { events, rest } = eventsOf(text + decoder.decode(value, { stream: true }));
      text = rest;
      for (const { name, data } of events) {
        if (name === "seat") this.pupil = data.pupil;
        else if (name === "state") this.told.state(data);
        else if (name === "ended") this.end(say("class.ended"));
      }
    }
  }

  /** @param {string} why */
  end(why) {
    this.close();
    this.told.ended(why);
  }

  close() {
    this.over = true;
    this.abort.abort();
  }
}
