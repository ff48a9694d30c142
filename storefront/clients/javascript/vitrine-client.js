/**
 * Vitrine's client for a shop's server (Node 18 or newer) and for an app (React Native): no dependencies.
 *
 * Nobody waits longer than the deadline, and nothing is thrown because of Vitrine: what could not be had is an outcome
 * without an answer that says why. A browser has vitrine.js, which does more.
 *
 *     const vitrine = new Vitrine({api: "https://api.shop.example"});
 *     const decided = await vitrine.decide({page: {type: "home"}, consent, visitor: cookie}, {viewer: request.headers});
 *     const row = decided.placement("home.recs"); // of kind `none` where there is no answer: show the page's own content
 *     const keep = decided.visitor; // the cookie from now on; null: remove it
 */

const TIMEOUT_MS = 300;
const FAILURES = 5;
const REST_MS = 1000;
const HEADERS = {"content-type": "application/json", accept: "application/json"};

export class Vitrine {
  #api;
  #timeoutMs;
  #strict;
  #failures = 0;
  #nextAt = 0;

  constructor({api, timeoutMs = TIMEOUT_MS, strict = false}) {
    if (!/^https?:\/\/./.test(api)) throw new TypeError(`api is an address such as https://api.shop.example, not ${api}`);
    this.#api = api.replace(/\/+$/, "");
    this.#timeoutMs = timeoutMs;
    this.#strict = strict;
  }

  /** What the visitor sees on a page. Of the headers `viewer`, those in which CloudFront says where they are go along. */
  async decide(request, {viewer = {}, timeoutMs} = {}) {
    const outcome = await this.#ask("decide", request, "placements", ofViewer(viewer), timeoutMs);
    return this.#checked(Object.assign(new Decided(), outcome));
  }

  /** Tell what the visitor did. A batch that failed may be sent again as it is: each event counts once. */
  async events(request, {timeoutMs} = {}) {
    return this.#checked(await this.#ask("events", request, "rejected", {}, timeoutMs));
  }

  #checked(outcome) {
    if (this.#strict && outcome.failure) throw new VitrineFailed(outcome);
    return outcome;
  }

  async #ask(call, request, holds, headers, timeoutMs = this.#timeoutMs) {
    const hasAgreed = Boolean(request.consent?.includes("personalization"));
    const asked = {request: hasAgreed ? request : withoutTokens(request)};
    const outcome = {answer: null, visitor: null, failure: null, detail: "", fault: null};
    try {
      this.#check();
      outcome.answer = await within(timeoutMs, (signal) => this.#post(call, asked, holds, headers, hasAgreed, signal));
    } catch (error) {
      const {failure = "unreachable", fault = null} = error;
      Object.assign(outcome, {failure, fault, detail: error.cause?.message ?? error.message});
    }
    this.#note(outcome.failure);
    outcome.visitor = outcome.answer?.visitor ?? asked.request.visitor ?? null;
    return outcome;
  }

  /** The answer; `asked.request` becomes one without tokens if they are not of this store. */
  async #post(call, asked, holds, headers, hasAgreed, signal) {
    const post = async () => {
      const body = encoded(asked.request);
      const reply = await fetch(`${this.#api}/v1/${call}`, {method: "POST", headers: {...headers, ...HEADERS}, body, signal});
      return {status: reply.status, text: await reply.text()};
    };
    let reply = await post();
    if (reply.status === 401 && hasAgreed) {
      asked.request = withoutTokens(asked.request);
      reply = await post();
    }
    return readAnswer(reply.status, reply.text, holds);
  }

  /** An API that is down must not cost every page its whole deadline: one call a second goes through until one succeeds. */
  #check() {
    if (this.#failures < FAILURES) return;
    if (Date.now() < this.#nextAt) throw failed("resting", `the last ${this.#failures} calls failed`);
    this.#nextAt = Date.now() + REST_MS;
  }

  #note(failure) {
    if (failure === "resting") return;
    this.#failures = failure && failure !== "refused" ? this.#failures + 1 : 0;
    if (this.#failures === FAILURES) this.#nextAt = Date.now() + REST_MS;
  }
}

/** What came of asking for a page's placements. */
export class Decided {
  /** What a placement shows, with every field; of kind `none` where that is not known. */
  placement(name) {
    const {placements = {}} = this.answer ?? {};
    return {...nothing(), ...(Object.hasOwn(placements, name) ? placements[name] : {})};
  }
}

/** Thrown by a client that is `strict`, instead of an outcome without an answer. */
export class VitrineFailed extends Error {
  constructor(outcome) {
    super(`${outcome.failure}: ${outcome.detail}`);
    this.name = "VitrineFailed";
    this.outcome = outcome;
  }
}

/** An event of this moment; give it an `id` where what happened has one, such as the line of an order. */
export function newEvent(kind, fields = {}) {
  return {id: Date.now().toString(36) + Math.random().toString(36).slice(2), kind, at_ms: Date.now(), ...fields};
}

function nothing() {
  const unset = {campaign: null, variation: null, mechanic: null, live: null, content: null, fallback: null};
  return {kind: "none", control: false, items: [], rows: [], reasons: [], ...unset};
}

function failed(failure, message, fault = null) {
  return Object.assign(new Error(message), {failure, fault});
}

/** What `act` comes to, if that is in time; some implementations of fetch do not heed the signal everywhere. */
async function within(timeoutMs, act) {
  const ending = new AbortController();
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(failed("late", `no answer within ${timeoutMs} ms`));
      ending.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([act(ending.signal), end]);
  } finally {
    clearTimeout(timer);
  }
}

function withoutTokens({visitor, device, ...rest}) {
  const {visitor: before, ...kept} = device ?? {};
  return device ? {...rest, device: kept} : rest;
}

function encoded(request) {
  try {
    return JSON.stringify(request);
  } catch (error) {
    throw failed("refused", `the request is no JSON: ${error.message}`);
  }
}

function readAnswer(status, text, holds) {
  const answer = parsed(text);
  if (status === 200 && isWhole(answer?.[holds])) return answer;
  const detail = `${status} ${text.slice(0, 200)}`;
  if (status === 200) throw failed("unreadable", detail);
  const isRefused = status >= 400 && status < 500 && status !== 429;
  throw failed(isRefused ? "refused" : "failed", detail, answer?.error ?? null);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether it is placements by name, or a list. */
function isWhole(part) {
  const isObject = (one) => typeof one === "object" && one !== null;
  return isObject(part) && (Array.isArray(part) || Object.values(part).every(isObject));
}

/** The headers that tell where the visitor is, in the form that CloudFront gives them. */
function ofViewer(headers) {
  const given = typeof headers.entries === "function" ? [...headers.entries()] : Object.entries(headers);
  return Object.fromEntries(given.filter(([name, value]) => /^cloudfront-viewer-/i.test(name) && /^[ -~]*$/.test(value)));
}
