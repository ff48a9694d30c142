/** What is remembered of a visitor from page to page: nothing without consent, and one key of localStorage with it. */

import {clip, KEY, quietly, unique, words} from "./page.js";

const SESSION_MS = 30 * 60 * 1000;

/** The visitor's token, session and last items, shared by all tabs. Where storage is blocked they last for a page. */
export class Memory {
  #consent;
  #state = {};
  #isStored = false;

  /** What the visitor agreed to, undefined until that was said. */
  get consent() {
    return this.#consent;
  }

  set consent(list) {
    if (list == null) return;
    this.#consent = words(`${list}`).filter((one) => /^(personalization|geo|messages)$/.test(one));
    if (!this.agreed) this.#forget();
  }

  /** Whether anything may be remembered. */
  get agreed() {
    return !!this.#consent?.includes("personalization");
  }

  /** The state, after `change` where one is given; an empty object without consent. */
  recall(change) {
    if (!this.agreed) return {};
    const text = quietly(() => localStorage.getItem(KEY));
    if (text === null && this.#isStored) {
      this.consent = []; // another page has removed it, because there the consent was withdrawn
      return {};
    }
    this.#state = text ? {...quietly(() => JSON.parse(text))} : this.#state;
    if (change) this.#keep(change);
    return this.#state;
  }

  /** Keep the token of an answer, unless another tab has got one meanwhile. */
  adopt(token, sent) {
    if (typeof token !== "string") return;
    this.recall((state) => {
      if (!state.token || state.token === sent) state.token = token;
    });
  }

  #keep(change) {
    change(this.#state);
    quietly(() => {
      localStorage.setItem(KEY, JSON.stringify(this.#state));
      this.#isStored = true;
    });
  }

  #forget() {
    this.#state = {};
    this.#isStored = false;
    quietly(() => localStorage.removeItem(KEY));
  }
}

/** A session ends half an hour after its last page. */
export function renew(state) {
  const now = Date.now();
  const isOver = !(now - state.active < SESSION_MS) || !Array.isArray(state.recents);
  if (isOver) Object.assign(state, {session: unique(), started: now, views: 0, recents: [], traffic: traffic()});
  state.active = now;
}

/** Where this page was come to from, as its address tells. */
export function traffic() {
  const given = new URLSearchParams(location.search);
  const [source, medium, campaign] = ["source", "medium", "campaign"].map((name) => clip(given.get(`utm_${name}`)));
  return {source, medium, campaign};
}
