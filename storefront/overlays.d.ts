/** Types of overlays.js: the overlays of a Vitrine answer. */

import type {Item} from "./vitrine.js";

export type Mechanic =
  | "message"
  | "exit_intent"
  | "idle"
  | "add_to_cart"
  | "survey"
  | "lead_form"
  | "countdown"
  | "comparison"
  | "wheel";

/** Texts are in the visitor's language. Which of them a mechanic uses is said behind it. */
export interface Content {
  title?: string;
  text?: string;
  button?: string;
  link?: string;
  image?: string;
  /** Heading of the row of items. */
  goods?: string;
  /** countdown: what is said when the end has come. */
  over?: string;
  /** survey: id of the question. */
  question?: string;
  /** survey */
  answers?: {id: string; text: string}[];
  /** survey, lead_form: what is said afterwards. */
  thanks?: string;
  /** lead_form: where the form goes, within the shop's own origin. */
  action?: string;
  /** lead_form */
  fields?: {name: string; type?: "text" | "email" | "tel" | "textarea"; label?: string; required?: boolean}[];
  /** lead_form: text of the box that has to be ticked. */
  consent?: string;
  /** wheel */
  sectors?: {id: string; label: string; title?: string; text?: string; link?: string}[];
  /** wheel: label of the button that turns it. */
  spin?: string;
}

/** The part of a placement's answer that overlays read. */
export interface OverlayAnswer {
  mechanic: Mechanic;
  content: Content | null;
  items: Item[];
  /** Of `countdown` its end, of `wheel` the id of the sector where it stops: both decided by the server. */
  live?: {ends_at_ms?: number; outcome?: string} | null;
}

/** Fields of an event beside its kind, as `POST /v1/events` takes them. */
export interface EventFields {
  item?: string;
  slot?: number;
  answers?: Record<string, string>;
}

export interface Options {
  /** Such as `en` or `ru-RU`; else the language of the page. */
  locale?: string;
  /** Origin of the API, below which `/media/...` pictures stand; else the page's own. */
  api?: string;
  /** Told of `click` (an item), `slot_click` (the overlay was taken up), `dismiss` and `survey`. */
  track?(kind: "click" | "slot_click" | "dismiss" | "survey", fields: EventFields): void;
  /** A lead form was taken by the shop; `fields` are what was typed, by name. */
  onLead?(fields: Record<string, FormDataEntryValue>, answer: OverlayAnswer): void;
  /** Called once when the overlay is gone, also if it could not be shown. */
  onClose?(): void;
  /** The server's time in milliseconds since 1970 at the moment of the call, for a device whose clock is wrong. */
  serverNow?: number;
  /** add_to_cart: name of the goods that were put into the cart, as `vitrine:add` told it. */
  added?: string;
  /** Texts of the overlays' own, such as `close`, in place of the English or Russian ones. */
  labels?: Record<string, string>;
  /** Functions that fill the frame in place of the `render_<mechanic>` of this module. */
  renderers?: Partial<Record<Mechanic, Renderer>>;
}

/** Fills the frame; false if there is nothing to show. */
export type Renderer = (frame: Frame) => boolean | void;

/** What a renderer works on. */
export interface Frame {
  readonly answer: OverlayAnswer;
  readonly content: Content;
  readonly options: Options;
  readonly locale: string;
  readonly labels: Record<string, string>;
  /** Between the text and the buttons. */
  readonly body: HTMLElement;
  /** Below: the buttons. */
  readonly actions: HTMLElement;
  readonly title: HTMLElement;
  /** A text of the content, "" if there is none. */
  text(name: keyof Content): string;
  track(kind: "click" | "slot_click" | "dismiss" | "survey", fields?: EventFields): void;
  /** Report `slot_click`, once; closing is no dismissal any more. */
  engage(): void;
  /** A link that closes the overlay when it is followed; null if the address is not http(s). */
  link(address: string, attributes: Record<string, unknown>, ...children: (Node | string)[]): HTMLAnchorElement | null;
  /** The button or link that the content asks for, null if it asks for none. */
  mainButton(): HTMLElement | null;
  closeButton(label: string): HTMLElement;
  /** Say something to those who listen. */
  announce(text: string): void;
  /** Do something later, unless the overlay is closed by then. */
  later(act: () => void, delay_ms?: number): void;
  /** Replace what the overlay says and move the focus to it. */
  conclude(title: string, text: string, ...more: Node[]): void;
  /** As the visitor closes it: reports `dismiss` unless it was taken up. */
  dismiss(): void;
  close(): void;
}

export interface Overlay {
  /** The element on the page, null if there was nothing sound to show. */
  readonly element: HTMLElement | null;
  close(): void;
}

/** Open an answer's overlay in place of one that is open already. Never throws. */
export function open(answer: OverlayAnswer, options?: Options): Overlay;

export const render_message: Renderer;
export const render_exit_intent: Renderer;
export const render_idle: Renderer;
export const render_add_to_cart: Renderer;
export const render_survey: Renderer;
export const render_lead_form: Renderer;
export const render_countdown: Renderer;
export const render_comparison: Renderer;
export const render_wheel: Renderer;

declare global {
  interface DocumentEventMap {
    /** Goods were asked for in an overlay. A page that puts them into the cart calls `preventDefault`, and dispatches
    `vitrine:add` when they are there; else the visitor is taken to the goods' page. */
    "vitrine:wanted": CustomEvent<{item: string; quantity: number; price: number; title: string}>;
  }
}
