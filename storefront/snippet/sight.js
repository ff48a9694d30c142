/** What of the answers is seen and clicked. */

const SEEN_MS = 1000;

/** Notes an impression of each placement that was half in view for a second, and clicks in it. */
export class Sight {
  #shown = new Map();
  #note;
  #observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#noticed(entry)), {
    threshold: [0, 0.1, 0.25, 0.5],
  });

  constructor(note) {
    this.#note = note;
  }

  /** `shown` is {placement, decision, items}. */
  watch(element, shown) {
    this.#shown.set(element, shown);
    this.#observer.observe(element);
  }

  /** Another page view. */
  clear() {
    this.#observer.disconnect();
    this.#shown.clear();
  }

  /** A click on an item, or on a link or button that belongs to none. */
  clicked({target, button}) {
    const shown = this.#shown.get(target.closest("[data-vitrine]"));
    if (!shown || button > 1 || !target.closest("a,button")) return;
    const {placement, decision, items} = shown;
    const id = target.closest("[data-item]")?.dataset.item;
    const item = items.find((one) => one.id === id);
    this.#note({kind: item ? "click" : "slot_click", placement, decision, item: item?.id, slot: item?.slot});
  }

  #noticed({target, intersectionRatio, intersectionRect}) {
    const shown = this.#shown.get(target);
    if (!shown) return;
    const isSeen = intersectionRatio >= 0.5 || intersectionRect.height >= innerHeight / 2;
    if (isSeen) shown.timer ??= setTimeout(() => this.#impressed(target, shown), SEEN_MS);
    else shown.timer = clearTimeout(shown.timer);
  }

  #impressed(element, shown) {
    if (this.#shown.get(element) !== shown) return;
    this.#observer.unobserve(element);
    this.#note({kind: "impression", placement: shown.placement, decision: shown.decision});
  }
}
