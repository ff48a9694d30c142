/** Pages that become other ones without being loaded. */

/**
 * Hear, until the signal aborts, that the address may have changed, and whether that may be another page of the same path:
 * who replaces its query tidies up, or pages on. Then the history's functions are its own again.
 */
export function follow(moved, signal) {
  addEventListener("popstate", () => moved(true), {signal});
  for (const name of ["pushState", "replaceState"]) {
    const own = history[name];
    const wrapped = function (...rest) {
      own.apply(this, rest);
      moved(name < "q"); // pushState
    };
    history[name] = wrapped;
    signal.addEventListener("abort", () => {
      if (history[name] === wrapped) history[name] = own;
    });
  }
}
