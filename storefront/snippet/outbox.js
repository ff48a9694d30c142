/** Events on their way: in batches, by beacons that outlive the page. */

import {announce, quietly, unique} from "./page.js";

/** Events in one call: they stay below the 16 KB that the API takes. */
const BATCH = 40;

/** Events that wait to be sent. Without consent there are none. */
export class Outbox {
  #queue = [];
  #memory;
  #post;
  #who;

  /** `post(call, body)` reaches the API, `who()` is {visitor, session}. */
  constructor(memory, post, who) {
    this.#memory = memory;
    this.#post = post;
    this.#who = who;
  }

  /** Note an event, or several; id and time are added. */
  note(event) {
    if (!this.#memory.agreed) return;
    for (const one of [].concat(event ?? [])) {
      const full = {id: unique(), at_ms: Date.now(), ...one};
      this.#queue.push(full);
      announce("event", full);
    }
  }

  /** Send nothing of what is noted. */
  clear() {
    this.#queue = [];
  }

  /** Send what is noted. Who has no token yet gets one by it, so the answer is waited for unless the page ends. */
  flush(isEnd) {
    const {visitor, session} = this.#who();
    const {agreed, consent} = this.#memory;
    if (!agreed) this.clear();
    while (this.#queue.length) {
      const batch = {visitor, session, consent, events: this.#queue.splice(0, BATCH)};
      if ((visitor || isEnd) && this.#post("events", batch, true)) continue;
      this.#send(batch);
      break;
    }
  }

  async #send(batch) {
    try {
      const reply = await this.#post("events", batch);
      if (reply.ok) return this.#memory.adopt((await reply.json()).visitor, batch.visitor);
      if (reply.status < 500) return;
    } catch {}
    if (this.#memory.agreed) this.#queue.unshift(...batch.events);
  }
}
