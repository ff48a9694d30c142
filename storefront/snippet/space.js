/** Where placements stand: nothing that a visitor looks at is replaced before their eyes, or moved. */

const shown = new WeakMap();

/** A placement as it is before the answer: whether nobody has seen its own content yet, and its place in view. */
export function measure(element) {
  if (!element.getClientRects().length) return {element, isHeld: true, top: Infinity, bottom: Infinity, height: 0};
  const {top, bottom, height} = element.getBoundingClientRect();
  return {element, isHeld: getComputedStyle(element).visibility === "hidden", top, bottom, height};
}

/** Whether it may be filled: one without room of its own, in view, would push away what is below it. */
export function hasRoom({bottom, height}) {
  return height || bottom >= innerHeight;
}

/** It becomes no smaller than it was, unless that is out of sight. */
export function reserve({element, top, height}) {
  element.style.setProperty("--vitrine-had", `${top < innerHeight ? height : 0}px`);
}

/** What grew with something in view below it keeps its height and scrolls. */
export function keepWithin({element, bottom, height}) {
  const isShown = element.dataset.vitrineState === "shown";
  if (isShown && height && bottom < innerHeight && measure(element).height > height + 1) element.dataset.vitrineFixed = "";
}

/** Leave what the shop has rendered; room kept for nothing is given up where nobody sees that. */
export function leave({element, top}) {
  const isEmpty = !element.childElementCount && !element.textContent.trim();
  element.dataset.vitrineState ??= isEmpty && top >= innerHeight ? "empty" : "default";
}

/** It shows what was decided now; `own` is what stood there before. */
export function showing(element, own) {
  element.dataset.vitrineState = "shown";
  shown.set(element, {own, ours: [...element.childNodes]});
}

/** A placement that stays while the address changes gets the shop's own content back, and is held anew. */
export function restore(element) {
  const {childNodes, dataset} = element;
  const {own, ours} = shown.get(element) ?? {};
  const isOurs = ours?.length === childNodes.length && ours.every((node, index) => node === childNodes[index]);
  if (isOurs) element.replaceChildren(...own); // else the page has changed it since
  shown.delete(element);
  delete dataset.vitrineState;
  delete dataset.vitrineFixed;
}
