/** Types of rendered.js. */

import type {Options, start, Vitrine} from "./vitrine.js";

/**
 * `start`, for a page some of whose placements the shop's server has filled: elements that have, beside `data-vitrine`,
 * `data-vitrine-decision` and `data-vitrine-state="shown"`. Called when the page is parsed, as modules are that are not
 * `async`; before, it waits for that and gives nothing.
 */
export function startRendered(starting: typeof start, options?: Options): Vitrine | undefined;
