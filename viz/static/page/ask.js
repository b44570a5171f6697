/* Asks an endpoint of the page's server, as docs/api.md describes them, and reads its stream of events. */

import { say } from "../player/messages.js";

/**
 * One event of a stream of server-sent events.
 * @param {string} block
 * @returns {{event: string, data: any}}
 */
function eventOf(block) {
  const lines = block.split("\n");
  /** @param {string} name */
  const field = (name) => (lines.find((line) => line.startsWith(name + ":")) || "").slice(name.length + 1).trim();
  return { event: field("event"), data: JSON.parse(field("data") || "null") };
}

/**
 * The whole events of what has arrived, and the rest, which goes on.
 * @param {string} text
 */
export function eventsOf(text) {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() || "";
  return { events: blocks.filter((block) => block.trim()).map(eventOf), rest };
}

/**
 * What an endpoint answers at last; an Error with the server's own sentence if it refuses. `heard` gets what comes
 * before; an aborted signal ends the run on the server, too.
 * @param {string} endpoint
 * @param {any[]} values
 * @param {(item: any) => void} [heard]
 * @param {AbortSignal} [signal]
 */
export async function ask(endpoint, values, heard = () => {}, signal = undefined) {
  const address = new URL("./gradio_api/call/" + endpoint, document.baseURI).href;
  const headers = { "Content-Type": "application/json" };
  const asked = await fetch(address, { method: "POST", headers, body: JSON.stringify({ data: values }), signal });
  if (!asked.ok) throw new Error(say("page.answered", { status: asked.status }));
  const { event_id } = await asked.json();
  const answer = await fetch(address + "/" + event_id, { signal });
  if (!answer.body) throw new Error(say("page.no-answer"));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    const found = eventsOf(rest + (value || ""));
    rest = found.rest;
    for (const { event, data } of found.events) {
      if (event === "complete") return data[0];
      if (event === "error") throw new Error((data && data.error) || say("page.no-answer"));
      if (event === "generating") heard(data[0]);
    }
    if (done) throw new Error(say("page.broke-off"));
  }
}
