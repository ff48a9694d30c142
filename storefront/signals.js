/**
 * What a visitor does that may bring up an overlay, and the overlay that it brings up.
 *
 * vitrine.js loads this file where a page names placements for overlays. What counts is asked of the server, which knows
 * how often a visitor is to be interrupted; here each kind of signal is told once per page view, while none is open.
 */

import {announce, quietly} from "./snippet/page.js";

/** An overlay replaces nothing, so it may come later than placements do, but not out of the blue. */
const PATIENCE_MS = 2000;
const FLING_MS = 300;
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** Listens for one snippet, `host`, and holds its overlay. */
export class Signals {
  #host;
  #overlay;
  #added = {};
  #asked = new Set();
  #scroll = 0;
  #hasLeft = false;
  #mark = {y: scrollY, at: 0};
  #idle;

  constructor(host) {
    this.#host = host;
    host.on(document, "mouseout", (event) => event.relatedTarget || event.clientY > 0 || this.#leaving());
    host.on(document, "visibilitychange", () => this.#switched());
    host.on(document, "pointermove pointerdown keydown", () => this.#rest());
    host.on(window, "scroll", () => this.#scrolled());
    host.on(window, "pageshow", ({persisted}) => persisted && this.signal({tab_return: true}));
  }

  /** Another page view begins. */
  turn() {
    this.close();
    this.#asked.clear();
    this.#scroll = 0;
    this.#rest();
  }

  /** Close what is open. */
  close() {
    clearTimeout(this.#idle);
    this.#overlay?.close();
  }

  /** Have the overlays decided for what was observed; goods added to the cart count once each. */
  signal(signals) {
    const view = this.#host.view();
    const kind = `${Object.keys(signals)}${signals.added_to_cart ?? ""}`;
    if (!kind || this.#overlay || !view.overlays.length || this.#asked.has(kind)) return;
    this.#asked.add(kind);
    this.#host.decide(view, {scroll: this.#scroll, ...signals});
  }

  /** Goods, {item, title}, went into the cart. */
  added(line) {
    this.#added = line;
    this.signal({added_to_cart: line.item});
  }

  /** Open an overlay that was decided for the page view, unless it comes too late. */
  async open(view, {answer: {decision}, request, took_ms}, placement, answer) {
    if (this.#overlay || took_ms > PATIENCE_MS) return;
    const {item, title} = this.#added;
    const ahead_ms = timeOf(decision) - Date.now();
    const opened = (this.#overlay = {close() {}});
    const onClose = () => {
      if (this.#overlay === opened) this.#overlay = undefined;
    };
    try {
      const {open} = await import("./overlays.js");
      if (view !== this.#host.view()) return onClose();
      const handle = open(answer, {
        ...this.#options(placement, decision, answer),
        serverNow: Date.now() + ahead_ms,
        added: item && item === request.signals?.added_to_cart ? title : undefined,
        onClose,
      });
      opened.close = () => handle.close();
      if (handle.element === null) onClose();
      else this.#host.track({kind: "impression", placement, decision});
    } catch {
      onClose();
    }
  }

  #options(placement, decision, answer) {
    const {context, options, track} = this.#host;
    return {
      ...context(placement),
      renderers: options.renderers?.overlay,
      track: (kind, fields) => track({kind, placement, decision, ...fields}),
      onLead: (fields) => {
        announce("lead", {fields, placement, answer});
        quietly(() => options.onLead?.(fields, answer));
      },
    };
  }

  #leaving() {
    if (!this.#asked.has("left")) this.#host.track({kind: "exit_intent"});
    this.#asked.add("left"); // even if an overlay is open, and nothing is asked
    this.signal({exit_intent: true});
  }

  #switched() {
    if (!document.hidden && this.#hasLeft) this.signal({tab_return: true});
    this.#hasLeft ||= document.hidden;
  }

  #scrolled() {
    const seen = Math.min(1, (scrollY + innerHeight) / document.documentElement.scrollHeight);
    this.#scroll = Math.max(this.#scroll, Math.round(seen * 100) / 100);
    if (this.#scroll >= (this.#host.option("scroll") ?? 0.75)) this.signal({scroll: this.#scroll});
    if (this.#isFlung() && matchMedia("(pointer: coarse)").matches) this.#leaving();
    this.#rest();
  }

  /** Whether half a screen was scrolled up within a moment, as people do who look for the address bar. */
  #isFlung() {
    const at = performance.now();
    if (scrollY > this.#mark.y || at - this.#mark.at > FLING_MS) this.#mark = {y: scrollY, at};
    return this.#mark.y - scrollY > innerHeight / 2;
  }

  #rest() {
    const idle_s = +(this.#host.option("idle") ?? 60);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => document.hidden || this.signal({idle_s}), idle_s * 1000);
  }
}

/** The server's time in milliseconds since 1970, with which ids of decisions begin (the layout of a ULID), else NaN. */
function timeOf(decision) {
  const isTold = /^[0-9a-hjkmnp-tv-z]{26}$/.test(decision);
  return isTold ? [...decision.slice(0, 10)].reduce((time, letter) => time * 32 + LETTERS.indexOf(letter), 0) : NaN;
}
