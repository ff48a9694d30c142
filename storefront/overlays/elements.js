/** Elements without markup: texts are always text, an address is http(s) or there is none, a handler's fault stays in it. */

import {quietly} from "./../snippet/page.js";

const SVG = "http://www.w3.org/2000/svg";

export const TICK = "M5 12.5l4.5 4.5L19 7.5";

/** The same function, but nothing that it throws reaches the page. */
export function guarded(act) {
  return (...given) => quietly(() => act(...given));
}

/** A new element. Attributes null or false are left out, `on<event>` is a listener; children are nodes, texts or nothing. */
export function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** As `make`, for drawings. */
export function draw(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), guarded(value));
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** An icon of 24 x 24 in the colour of the text around it. */
export function icon(path) {
  return draw("svg", {viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true"}, draw("path", {d: path}));
}

/** A full http(s) address, or null for anything else, such as `javascript:`. */
export function safeUrl(value, base = document.baseURI) {
  if (typeof value !== "string" || !value.trim()) return null;
  try {
    const url = new URL(value, base);
    return /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A text of a payload; what is no text (a number is one) counts as none. */
export function textOf(value) {
  return typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
}

/** A picture that says nothing to those who listen, null if its address is not fit. `/media/...` stands below the API. */
export function picture(address, api, className = "picture") {
  const isMedia = api && typeof address === "string" && address.startsWith("/media/");
  const src = isMedia ? safeUrl(`.${address}`, new URL(api.replace(/\/?$/, "/"), document.baseURI)) : safeUrl(address);
  return src && make("img", {src, class: className, part: "image", alt: "", decoding: "async", onerror: hide});
}

function hide(event) {
  event.target.hidden = true;
}
