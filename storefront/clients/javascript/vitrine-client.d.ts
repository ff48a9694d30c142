/**
 * Types of vitrine-client.js: what the calls take and give.
 *
 * Amounts are integers in the currency's minor units (98 is 0.98 USD), instants milliseconds since 1970. The fields are
 * those of `openapi.json`, which says more about each.
 */

export type Consent = "personalization" | "geo" | "messages";
export type PageType = "home" | "category" | "product" | "cart" | "favourites" | "search" | "checkout" | "order" | "other";
export type DeviceKind = "desktop" | "mobile" | "app";
export type EventKind =
  | "view" | "add_to_cart" | "remove_from_cart" | "favourite" | "search" | "purchase" | "impression" | "click"
  | "slot_click" | "dismiss" | "survey" | "exit_intent";
export type PlacementKind = "products" | "content" | "overlay" | "sort" | "none";
export type Mechanic =
  | "message" | "exit_intent" | "idle" | "add_to_cart" | "survey" | "lead_form" | "countdown" | "comparison" | "wheel";
export type FaultCode =
  | "invalid_request" | "malformed_json" | "body_too_large" | "invalid_field" | "invalid_token" | "unknown_decision"
  | "invalid_record" | "not_found" | "busy" | "unavailable" | "internal_error";
export type RejectionCode = "invalid_field" | "from_the_future" | "too_old" | "no_consent";

/** The page that is shown: a product page has its `item`, a category page its `category`. */
export interface Page {
  type: PageType;
  item?: string | null;
  category?: string | null;
  query?: string | null;
  locale?: string | null;
  referrer?: string | null;
}

/** What it is shown on; `visitor` is the token that the device had before a login. */
export interface Device {
  kind?: DeviceKind;
  visitor?: string | null;
}

/** UTM parameters of the page that the session began on. */
export interface Traffic {
  source?: string | null;
  medium?: string | null;
  campaign?: string | null;
}

/** The session so far: pages seen before this one, seconds since it began. */
export interface Visit {
  views?: number;
  seconds?: number;
}

/** One line of the cart; `price` is of one. */
export interface CartLine {
  item: string;
  quantity?: number;
  price?: number | null;
}

/** What was observed of the visitor; `added_to_cart` is the item. */
export interface Signals {
  exit_intent?: boolean;
  idle_s?: number;
  scroll?: number;
  tab_return?: boolean;
  added_to_cart?: string | null;
}

/** Degrees north and east; used only with consent to `geo`. */
export interface Geo {
  lat: number;
  lon: number;
}

/** How to answer; `explain` is for operators and refused here. */
export interface Options {
  explain?: boolean;
  deadline_ms?: number;
  dry_run?: boolean;
}

/** The body of POST /v1/decide. */
export interface DecideRequest {
  page: Page;
  visitor?: string | null;
  session?: string | null;
  device?: Device;
  traffic?: Traffic;
  visit?: Visit;
  recent?: string[];
  cart?: CartLine[];
  listing?: string[];
  signals?: Signals;
  geo?: Geo | null;
  consent?: Consent[];
  placements?: string[] | null;
  options?: Options;
}

/** Something that happened; of two events with one `id` the second does not count. */
export interface Event {
  id: string;
  kind: EventKind;
  at_ms: number;
  item?: string | null;
  quantity?: number;
  price?: number | null;
  query?: string | null;
  decision?: string | null;
  placement?: string | null;
  slot?: number | null;
  answers?: Record<string, string>;
}

/** The body of POST /v1/events. */
export interface EventsRequest {
  events: Event[];
  visitor?: string | null;
  session?: string | null;
  consent?: Consent[];
}

/** What is shown of an item; an `image` of `/media/...` stands below the API's origin. */
export interface Card {
  title: string;
  url: string;
  image: string;
  price: number;
  regular_price: number;
  currency: string;
  category: string;
}

/** A set with the item `with`: `price` for both, which cost `apart` without it. */
export interface Bundle {
  with: string;
  offer: string;
  price: number;
  apart: number;
  currency: string;
}

/** The list that an item was on, and the item that led to it. */
export interface Reason {
  list: string;
  item: string | null;
}

/** An item in its place; `sponsored` is the label that has to stand beside it. */
export interface Item {
  id: string;
  slot: number;
  card: Card | null;
  bundle: Bundle | null;
  sponsored: string | null;
  reasons: Reason[];
}

/** One of several rows of a placement. */
export interface Row {
  title: string;
  items: Item[];
}

/** When an offer ends, and the proof of it. */
export interface Countdown {
  ends_at_ms: number;
  proof: string | null;
}

/** The sector at which a wheel of fortune stops. */
export interface Wheel {
  outcome: string;
}

/** What one placement shows; texts in `content` are set as text, never as HTML. */
export interface Placement {
  kind: PlacementKind;
  campaign: string | null;
  variation: string | null;
  control: boolean;
  mechanic: Mechanic | null;
  live: Countdown | Wheel | null;
  items: Item[];
  rows: Row[];
  content: any;
  fallback: string | null;
  reasons: string[];
}

/** The answer of POST /v1/decide. */
export interface Decision {
  decision: string;
  release: string;
  model: string | null;
  region: string;
  placements: Record<string, Placement>;
  skipped: string[];
  visitor: string | null;
  timings_ms: Record<string, number>;
}

/** An event that was not taken, by its index in the batch. */
export interface Rejection {
  index: number;
  code: RejectionCode;
  message: string;
  field: string;
}

/** The answer of POST /v1/events. */
export interface EventsAnswer {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  visitor: string | null;
}

/** What the API found wrong, and in which field. */
export interface Fault {
  code: FaultCode;
  message: string;
  field: string;
}

/**
 * `late`: not within the deadline. `unreachable`: no connection, or it broke. `refused`: the request is wrong, `fault`
 * says where. `failed`: the API could not answer (429, 5xx). `unreadable`: what came was no answer of Vitrine's.
 * `resting`: not asked, because the calls before all failed.
 */
export type Failure = "late" | "unreachable" | "refused" | "failed" | "unreadable" | "resting";

/** What came of a call: an `answer`, or null and a `failure`; `detail` is for a log. */
export interface Outcome<Answer> {
  answer: Answer | null;
  /** The token to keep for the visitor, null if what was kept is to be removed. */
  visitor: string | null;
  failure: Failure | null;
  detail: string;
  fault: Fault | null;
}

export class Decided implements Outcome<Decision> {
  answer: Decision | null;
  visitor: string | null;
  failure: Failure | null;
  detail: string;
  fault: Fault | null;
  /** What a placement shows, with every field; of kind `none` where that is not known. Never fails. */
  placement(name: string): Placement;
}

/** Thrown by a client that is `strict`. */
export class VitrineFailed extends Error {
  constructor(outcome: Outcome<unknown>);
  outcome: Outcome<unknown>;
}

export interface ClientOptions {
  /** Origin of the API. */
  api: string;
  /** For a whole call, whatever happens in it; 300. */
  timeoutMs?: number;
  /** Throw VitrineFailed instead of giving an outcome without an answer. */
  strict?: boolean;
}

/** The headers of the visitor's own request; those in which CloudFront says where the visitor is are passed on. */
export type ViewerHeaders = Record<string, string | string[] | undefined> | Headers;

export class Vitrine {
  /** Throws a TypeError if `api` is no http(s) address. */
  constructor(options: ClientOptions);
  /** What the visitor sees on a page. */
  decide(request: DecideRequest, how?: {viewer?: ViewerHeaders; timeoutMs?: number}): Promise<Decided>;
  /** Tell what the visitor did. A batch that failed may be sent again as it is: each event counts once. */
  events(request: EventsRequest, how?: {timeoutMs?: number}): Promise<Outcome<EventsAnswer>>;
}

/** An event of this moment; give it an `id` where what happened has one, such as the line of an order. */
export function newEvent(kind: EventKind, fields?: Partial<Event>): Event;
