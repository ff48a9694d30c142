/** Types of vitrine.js. The answers are those of POST /v1/decide: openapi.json says all of their fields. */

import type {Mechanic, Renderer as OverlayRenderer} from "./overlays.js";

/** What a visitor may agree to. Without `personalization` nothing is kept, and no event is sent. */
export type Consent = "personalization" | "geo" | "messages";

export type PageType =
  | "home" | "category" | "product" | "cart" | "favourites" | "search" | "checkout" | "order" | "other";

/** The page that is shown. A product page has its `item`, a category page its `category`. */
export interface PageView {
  type: PageType;
  item?: string;
  /** Path of the category, levels separated by `/`. */
  category?: string;
  /** What was searched for. */
  query?: string;
  /** Such as `en` or `ru-RU`; left out: option `locale`, else the page's `lang`. */
  locale?: string;
  /** Left out: the page before. */
  referrer?: string;
}

export interface CartLine {
  item: string;
  quantity?: number;
  /** Of one, in minor units: 98 is 0.98 USD. */
  price?: number;
}

export interface Card {
  title: string;
  url: string;
  image: string;
  /** In minor units of `currency`. */
  price: number;
  regular_price: number;
  /** ISO 4217. */
  currency: string;
  category: string;
}

/** A set of an item with the item `with`: `price` for both, which cost `apart` without the set. */
export interface Bundle {
  with: string;
  offer: string;
  price: number;
  apart: number;
  currency: string;
}

export interface Item {
  id: string;
  slot: number;
  /** Null in a sorted listing, whose cards the shop has. */
  card: Card | null;
  bundle: Bundle | null;
  /** The label that has to stand beside an item whose place was paid for. */
  sponsored: string | null;
  reasons: {list: string; item: string | null}[];
}

export interface Row {
  title: string;
  items: Item[];
}

/** What one placement shows. */
export interface Answer {
  kind: "products" | "content" | "overlay" | "sort" | "none";
  campaign: string | null;
  variation: string | null;
  control: boolean;
  mechanic: Mechanic | null;
  /** What the server decided: of a `countdown` when it ends, with a proof, of a `wheel` its outcome; else null. */
  live: {ends_at_ms?: number; proof?: string; outcome?: string} | null;
  items: Item[];
  rows: Row[];
  /** Texts in the visitor's language, to be set as text. */
  content: any;
  fallback: string | null;
  reasons: string[];
}

export interface Decision {
  decision: string;
  release: string;
  model: string | null;
  region: string;
  placements: Record<string, Answer>;
  skipped: string[];
  visitor: string | null;
  timings_ms: Record<string, number>;
}

/** What was observed of the visitor. The history is only listened to: the back button works as everywhere. */
export interface Signals {
  /** The pointer left the page through its top, or half a screen was scrolled up within 0.3 s on a touch screen. */
  exit_intent?: boolean;
  /** Without pointer, key or scrolling, while the tab is in view. */
  idle_s?: number;
  /** Share of the page that was seen, 0 to 1. */
  scroll?: number;
  /** The tab was hidden and is seen again, or the page came out of the browser's back/forward cache. */
  tab_return?: boolean;
  /** The item. */
  added_to_cart?: string;
}

/** Something that happened; `id` and `at_ms` are added where they are left out. */
export interface TrackedEvent {
  kind:
    | "view" | "add_to_cart" | "remove_from_cart" | "favourite" | "search" | "purchase" | "impression" | "click"
    | "slot_click" | "dismiss" | "survey" | "exit_intent";
  id?: string;
  at_ms?: number;
  item?: string;
  quantity?: number;
  price?: number;
  query?: string;
  decision?: string;
  placement?: string;
  slot?: number;
  answers?: Record<string, string>;
}

export interface Labels {
  regular: string;
  /** Holds `{item}`, `{price}` and `{apart}`. */
  bundle: string;
  this: string;
  /** Those of overlays. */
  [name: string]: string;
}

/** What a renderer gets beside the answer. */
export interface Context {
  element: HTMLElement;
  placement: string;
  decision: string;
  page: PageView;
  locale: string;
  labels: Labels;
  /** Origin of the API; images `/media/...` stand below it. */
  api: string;
}

/**
 * What is to stand in the placement, or `true` if the renderer has put it there. After anything else, or an error, the
 * shop's own content is shown. It is called only while the placement is still invisible, and has to be quick.
 */
export type Renderer = (answer: Answer, context: Context) => Node | boolean | null | undefined | 0 | "";

export interface Options {
  /** Origin of the API; "" (the default) is the page's own. */
  api?: string;
  page?: PageView | (() => PageView);
  /** Left out: not known yet. Nothing is kept, and what was kept is neither read nor removed; `[]` removes it. */
  consent?: Consent[];
  /** A function where the cart may change without another page view. */
  cart?: CartLine[] | (() => CartLine[]);
  /** Ids that the page lists, for placements that are sorted. */
  listing?: string[] | (() => string[]);
  /** A token from the shop's server for a visitor who has logged in; stands in for the browser's own. */
  visitor?: string;
  /**
   * Id of the session from the shop's server, which decides with the same: caps per session then count for both. Sent
   * only with consent; left out: the snippet's own, which ends half an hour after its last page.
   */
  session?: string | (() => string | undefined);
  locale?: string;
  /** Left out: `mobile` where the page is narrower than 768 px, else `desktop`. */
  device?: "desktop" | "mobile" | "app";
  /** Milliseconds for which placements are held invisible, 300; the same as --vitrine-budget in CSS. */
  budget?: number;
  /** Names of placements for overlays; left out: `data-vitrine-overlays`. */
  overlays?: string[] | string;
  /** Seconds without a sign of life that count as idle, 60. */
  idle?: number;
  /** Share of the page that counts as read, 0.75. */
  scroll?: number;
  /** Where the device is; sent only with consent to `geo`. */
  geo?: {lat: number; lon: number} | (() => {lat: number; lon: number} | undefined);
  renderers?: {
    products?: Renderer;
    content?: Renderer;
    sort?: Renderer;
    /** By mechanic, such as `survey`: see overlays.js. */
    overlay?: Partial<Record<Mechanic, OverlayRenderer>>;
  };
  labels?: Partial<Labels>;
  onDecision?: (answer: Decision) => void;
  /** What was typed into a lead form. */
  onLead?: (fields: Record<string, string>, overlay: Answer) => void;
}

/** A snippet that runs. Nothing of it throws. */
export interface Vitrine {
  /** Say anew what the visitor agrees to; what was kept is removed as soon as `personalization` is not in it. */
  consent(list: Consent[]): void;
  /** Note what happened; it is sent within seconds, or when the page ends. */
  track(event: TrackedEvent | TrackedEvent[]): void;
  /** Tell what was observed; once per kind and page view the overlays are decided anew. */
  signal(signals: Signals): void;
  /**
   * Decide the page anew, for pages that change without a new address or some time after it. Of the same item or words
   * it notes no second `view` or `search`.
   */
  refresh(page?: PageView): void;
  /** End. What is rendered stays; `start` may be called again. */
  stop(): void;
}

/** Of `vitrine:decision`. `late`: a placement's own content was visible before the answer came. */
export interface DecisionDetail {
  request?: object;
  answer?: Decision;
  /** Why there is no answer, such as what the API says of a name that is no placement's. */
  error?: string;
  took_ms: number;
  late: boolean;
}

/** Decide this page and those that the visitor goes on to. What options leave out is read from the JSON block `#vitrine`. */
export function start(options?: Options): Vitrine;

/** The default renderer of `products`. */
export function products(answer: Answer, context: Context): Node | 0;

/** The default renderer of `content`. */
export function content(answer: Answer, context: Context): Node | "";

/** The default renderer of `sort`: the element's children by `data-item`. */
export function sort(answer: Answer, context: Pick<Context, "element">): true;

/** An amount of minor units as people write it: `money(98, "USD", "en")` is $0.98. */
export function money(amount: number, currency: string, locale: string): string;

declare global {
  interface Window {
    /** From the classic build, vitrine.classic.js. */
    Vitrine?: {
      start: typeof start;
      products: typeof products;
      content: typeof content;
      sort: typeof sort;
      money: typeof money;
    };
  }

  interface DocumentEventMap {
    "vitrine:decision": CustomEvent<DecisionDetail>;
    "vitrine:event": CustomEvent<TrackedEvent>;
    "vitrine:lead": CustomEvent<{fields: Record<string, string>; placement: string; answer: Answer}>;
    /** Dispatched by the shop: goods went into the cart. `title` is for the overlay that this brings up, nobody else. */
    "vitrine:add": CustomEvent<CartLine & {title?: string}>;
  }
}
