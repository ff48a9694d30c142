/**
 * Placements that the shop's own server has filled, with one of the clients in clients/: the snippet does not ask for them
 * again, and what is seen and clicked in them counts like everything that it shows itself.
 *
 * Such an element has, beside `data-vitrine`, the id of its decision in `data-vitrine-decision` and `shown` in
 * `data-vitrine-state`; its items have `data-item`. When the page becomes another one without being loaded, the element is
 * a placement like any other.
 */

import {quietly} from "./snippet/page.js";
import {Sight} from "./snippet/sight.js";

/** Start the snippet, whose `start` this gets with its options, on a page with such elements; gives what `start` gives. */
export function startRendered(start, options) {
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => quietly(() => startRendered(start, options)), {once: true});
    return undefined;
  }
  const elements = [...document.querySelectorAll("[data-vitrine-decision]")];
  const names = elements.map(({dataset}) => dataset.vitrine);
  for (const {dataset} of elements) delete dataset.vitrine; // for as long as the snippet looks for what it has to ask
  const vitrine = start(options);
  elements.forEach(({dataset}, index) => (dataset.vitrine = names[index]));
  quietly(() => watch(elements, vitrine));
  return vitrine;
}

function watch(elements, vitrine) {
  const sight = new Sight((event) => vitrine.track(event));
  const renewed = new MutationObserver(() => sight.clear()); // the snippet has begun another page view
  for (const element of elements) {
    const {vitrine: placement, vitrineDecision: decision} = element.dataset;
    const items = [...element.querySelectorAll("[data-item]")].map(({dataset}, slot) => ({id: dataset.item, slot}));
    sight.watch(element, {placement, decision, items});
    renewed.observe(element, {attributeFilter: ["data-vitrine-state"]});
  }
  for (const kind of ["click", "auxclick"]) {
    document.addEventListener(kind, (event) => quietly(() => sight.clicked(event)), true);
  }
}
