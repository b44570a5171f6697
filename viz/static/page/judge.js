/* Asks the page's server to judge a block: the endpoint verify_block, as docs/api.md describes it. */

import { ask } from "./ask.js";

/**
 * The verdict on a proposal; an Error with the server's own sentence if it refuses.
 * @param {string} prompt
 * @param {string} proposal
 * @param {string} written
 * @returns {Promise<O.Judged>}
 */
export const judged = (prompt, proposal, written) => ask("verify_block", [prompt, proposal, written, "auto"]);
