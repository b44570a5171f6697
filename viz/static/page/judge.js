/* Asks the page's server to judge a block: the endpoint verify_block, as docs/api.md describes it. */

/**
 * The last event of a stream of server-sent events.
 * @param {string} text
 * @returns {{event: string, data: any}}
 */
export function lastEvent(text) {
  const blocks = text.trim().split(/\n\n+/);
  const lines = blocks[blocks.length - 1].split("\n");
  /** @param {string} name */
  const field = (name) => (lines.find((line) => line.startsWith(name + ":")) || "").slice(name.length + 1).trim();
  return { event: field("event"), data: JSON.parse(field("data") || "null") };
}

/**
 * The verdict on a proposal; an Error with the server's own sentence if it refuses.
 * @param {string} prompt
 * @param {string} proposal
 * @param {string} written
 * @returns {Promise<O.Judged>}
 */
export async function judged(prompt, proposal, written) {
  const address = new URL("./gradio_api/call/verify_block", document.baseURI).href;
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ data: [prompt, proposal, written, "auto"] });
  const asked = await fetch(address, { method: "POST", headers, body });
  if (!asked.ok) throw new Error("The server answered " + asked.status + ".");
  const { event_id } = await asked.json();
  const answer = await fetch(address + "/" + event_id);
  const { event, data } = lastEvent(await answer.text());
  if (event === "complete") return data[0];
  throw new Error((data && data.error) || "The server gave no verdict.");
}
