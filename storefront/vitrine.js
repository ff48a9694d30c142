/**
 * Vitrine's storefront snippet: one decision per page view, shown without flicker or not at all.
 *
 * What it rests on: vitrine.css holds placements invisible for 300 ms. An answer that finds its placement still held is
 * rendered; every other answer, and every fault, leaves there what the shop itself has rendered. Nothing is thrown into
 * the page, printed on the console, or kept without consent. Texts are set as text, addresses are http(s) or relative.
 */

import {Memory, renew, traffic} from "./snippet/memory.js";
import {Outbox} from "./snippet/outbox.js";
import {money} from "./snippet/money.js";
import {follow} from "./snippet/moves.js";
import {announce, bare, canonical, clip, here, KEY, quietly, readBlock, words} from "./snippet/page.js";
import {content, itemsOf, labelsOf, products, sort} from "./snippet/renderers.js";
import {Sight} from "./snippet/sight.js";
import {hasRoom, keepWithin, leave, measure, reserve, restore, showing} from "./snippet/space.js";

const HERE = import.meta.url;
const RUNNING = Symbol.for(KEY);
const FLUSH_MS = 5000;
const NO_VIEW = {elements: [], overlays: []};

/**
 * Begin: decide this page and those that the visitor goes on to. Options are described in vitrine.d.ts.
 *
 * A second call, also from another copy of this file, gets the instance that runs already.
 */
function start(options) {
  return (document[RUNNING] ??= new Vitrine(options ?? {}));
}

/** What `start` gives. */
class Vitrine {
  #options;
  #block = {};
  #api = "";
  #visitor;
  #memory = new Memory();
  #outbox = new Outbox(this.#memory, (...call) => this.#post(...call), () => this.#who());
  #sight = new Sight((event) => this.track(event));
  #signals;
  #place = here();
  #view = NO_VIEW;
  #ending = new AbortController();

  constructor(options) {
    this.#options = options;
    if (document.readyState === "loading") this.#on(document, "DOMContentLoaded", () => this.#begin());
    else quietly(() => this.#begin());
  }

  /** Say anew what the visitor agrees to. Without `personalization` all that was kept is removed at once. */
  consent(list) {
    const before = this.#memory.agreed;
    this.#memory.consent = list ?? [];
    if (!this.#memory.agreed) this.#outbox.clear();
    else if (!before) quietly(() => this.#arrive());
  }

  /** Note an event, or several; id and time are added. Dropped without consent to `personalization`. */
  track(event) {
    quietly(() => this.#outbox.note(event));
  }

  /** Tell what was observed and decide the overlays anew: once per kind and page view, while none is open. */
  signal(signals) {
    this.#overlays((overlays) => overlays.signal(signals));
  }

  /** Decide this page anew, as if it were another page view; `page` stands in for the option of that name. */
  refresh(page) {
    quietly(() => this.#openView(page));
  }

  /** End: no listeners, no requests, the history's own functions. What is rendered stays. */
  stop() {
    quietly(() => this.#outbox.flush(true));
    this.#overlays((overlays) => overlays.close());
    this.#ending.abort();
    this.#sight.clear();
    this.#view.elements.forEach((element) => leave({element}));
    this.#view = NO_VIEW;
    delete document[RUNNING];
  }

  // ---- page views

  #begin() {
    this.#block = readBlock();
    this.#api = (this.#option("api") ?? "").replace(/\/$/, "");
    this.#visitor = this.#option("visitor");
    this.#memory.consent ??= this.#option("consent"); // undefined: not said yet, so nothing is kept or removed
    const budget = this.#option("budget");
    if (budget >= 0) document.documentElement.style.setProperty("--vitrine-budget", `${budget}ms`);
    this.#listen();
    this.#openView();
  }

  #openView(page) {
    this.#sight.clear();
    this.#block = readBlock();
    const elements = [...document.querySelectorAll("[data-vitrine]")];
    elements.forEach(restore);
    const named = document.querySelector("[data-vitrine-overlays]")?.dataset.vitrineOverlays;
    const overlays = words(`${this.#option("overlays") ?? named ?? ""}`);
    const given = page ?? this.#option("page") ?? {type: "other"};
    const locale = given.locale ?? this.#option("locale") ?? document.documentElement.lang;
    const referrer = bare(this.#view.href ?? document.referrer);
    const view = {elements, overlays, href: location.href};
    view.page = {referrer, ...given, locale: canonical(locale), query: clip(given.query)};
    view.views = this.#memory.recall(renew).views;
    const {item, query} = this.#view.page ?? {};
    const isSame = item === view.page.item && query === view.page.query;
    this.#view = view;
    const names = new Set([...elements.map((element) => element.dataset.vitrine), ...overlays]);
    if (names.size) this.#decide(view, [...names]);
    this.#arrive(isSame);
    this.#overlays((loaded) => loaded.turn());
  }

  /** Note that the page was seen; after the question, which is about what was seen before. */
  #arrive(isSame) {
    const {type, item, query} = this.#view.page;
    const isProduct = !isSame && type === "product" && item;
    this.#memory.recall((state) => {
      renew(state);
      state.views++;
      if (isProduct) state.recents = [`${item}`, ...state.recents].slice(0, 10);
    });
    if (isProduct) this.track({kind: "view", item});
    if (!isSame && type === "search" && query) this.track({kind: "search", query});
  }

  // ---- asking

  async #decide(view, placements, signals) {
    const began = performance.now();
    const said = {late: false};
    try {
      said.request = this.#request(view, placements, signals);
      said.answer = await this.#ask(said.request);
    } catch (error) {
      said.error = `${error}`;
    }
    if (view !== this.#view) return;
    said.took_ms = performance.now() - began;
    quietly(() => this.#show(view, said, signals));
    announce("decision", said);
    if (said.answer) quietly(() => this.#options.onDecision?.(said.answer));
  }

  /** The page's word first: a shop may make tokens and sessions of its own. Nobody without consent. */
  #who() {
    const {token, session} = this.#memory.recall();
    return this.#memory.agreed ? {visitor: this.#visitor ?? token, session: this.#option("session") || session} : {};
  }

  #request(view, placements, signals) {
    const state = this.#memory.recall(); // first: another tab may have withdrawn the consent
    const {consent = []} = this.#memory;
    const {token, started, recents} = state;
    const kind = this.#option("device") ?? (innerWidth < 768 ? "mobile" : "desktop");
    return {
      page: view.page,
      placements: placements.slice(0, 50),
      consent,
      signals,
      ...this.#who(),
      device: {kind, visitor: this.#visitor && token},
      visit: started && {views: view.views ?? 0, seconds: Math.max(0, (Date.now() - started) / 1000)},
      recent: recents,
      traffic: state.traffic ?? traffic(),
      cart: this.#option("cart")?.slice(0, 100),
      listing: this.#option("listing")?.slice(0, 100),
      geo: consent.includes("geo") ? this.#option("geo") : undefined,
    };
  }

  async #ask(request) {
    let reply = await this.#post("decide", request);
    if (reply.status === 401 && request.visitor) {
      this.#visitor = undefined;
      this.#memory.recall((state) => delete state.token);
      delete request.visitor;
      delete request.device.visitor;
      reply = await this.#post("decide", request);
    }
    if (!reply.ok) throw `${reply.status} ${await reply.text()}`;
    const answer = await reply.json();
    if (!this.#visitor) this.#memory.adopt(answer.visitor, request.visitor);
    return answer;
  }

  /** As text/plain, for which no browser asks the other origin's leave first; a beacon tells only that it left. */
  #post(call, body, isBeacon) {
    const url = `${this.#api}/v1/${call}`;
    const text = JSON.stringify(body);
    return isBeacon ? quietly(() => navigator.sendBeacon(url, text)) : fetch(url, {method: "POST", body: text});
  }

  #option(name) {
    return quietly(() => {
      const value = this.#options[name] ?? this.#block[name];
      return typeof value === "function" ? value() : value;
    });
  }

  // ---- showing

  #show(view, said, signals) {
    const {placements, decision} = said.answer ?? {};
    const overlay = Object.entries(placements ?? {}).find(([, answer]) => answer?.kind === "overlay");
    if (overlay) this.#overlays((overlays) => overlays.open(view, said, ...overlay));
    if (signals) return;
    // All is measured before anything is changed: else every placement would cost a layout of its own.
    const boxes = view.elements.map(measure);
    for (const box of boxes) {
      const answer = placements?.[box.element.dataset.vitrine];
      said.late ||= !box.isHeld;
      if (!box.isHeld || !quietly(() => this.#fill(box, answer, decision))) leave(box);
    }
    boxes.forEach(keepWithin);
  }

  /** Whether the placement shows the answer now. */
  #fill(box, answer, decision) {
    const {element} = box;
    const isSort = answer?.kind === "sort";
    const renderers = {__proto__: null, products, content, sort, ...this.#options.renderers, overlay: null};
    const renderer = renderers[answer?.kind];
    if (!renderer || !(isSort || hasRoom(box))) return false;
    const placement = element.dataset.vitrine;
    const own = [...element.childNodes];
    const made = renderer(answer, {element, decision, ...this.#context(placement)});
    if (!made) return false;
    if (made !== true) element.replaceChildren(made);
    if (!isSort) reserve(box);
    showing(element, own);
    this.#sight.watch(element, {placement, decision, items: itemsOf(answer)});
    return true;
  }

  #context(placement) {
    const {page} = this.#view;
    const locale = page.locale ?? "en";
    const labels = {...labelsOf(locale), ...this.#options.labels};
    return {placement, page, locale, labels, api: new URL(this.#api || "/", location).origin};
  }

  /** Signals and overlays are loaded where a page has such placements. */
  #overlays(use) {
    if (!this.#view.overlays.length && !this.#signals) return;
    const load = async () => new (await import(new URL("signals.js", HERE))).Signals(this.#host());
    (this.#signals ??= load()).then(use).catch(() => {});
  }

  #host() {
    return {
      view: () => this.#view,
      on: (...heard) => this.#on(...heard),
      option: (name) => this.#option(name),
      track: (event) => this.track(event),
      decide: (view, signals) => this.#decide(view, view.overlays, signals),
      context: (placement) => this.#context(placement),
      options: this.#options,
    };
  }

  // ---- listening
  #on(target, kinds, heard) {
    const options = {signal: this.#ending.signal, capture: true};
    for (const kind of words(kinds)) target.addEventListener(kind, (event) => quietly(() => heard(event)), options);
  }

  #listen() {
    const timer = setInterval(() => quietly(() => this.#outbox.flush()), FLUSH_MS);
    this.#ending.signal.addEventListener("abort", () => clearInterval(timer));
    this.#on(document, "click auxclick", (event) => this.#sight.clicked(event));
    this.#on(document, "vitrine:add", ({detail}) => this.#added(detail));
    this.#on(document, "visibilitychange", () => document.hidden && this.#outbox.flush(true));
    this.#on(window, "pagehide", () => this.#outbox.flush(true));
    this.#on(window, "pageshow", ({persisted}) => persisted && this.#memory.recall(renew));
    follow((isNew) => this.#moved(isNew), this.#ending.signal);
  }

  #moved(isNew) {
    const isSame = isNew ? here() === this.#place : this.#place.split("?")[0] === location.pathname;
    this.#place = here();
    if (isSame) return;
    this.#view = {...this.#view}; // answers under way are for the page that was
    setTimeout(() => this.#ending.signal.aborted || this.refresh());
  }

  #added({item, quantity, price, title}) {
    this.track({kind: "add_to_cart", item, quantity, price});
    this.#overlays((overlays) => overlays.added({item, title}));
  }
}

export {content, money, products, sort, start};
