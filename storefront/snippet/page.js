/** What the snippet asks of the page that it runs in. */

export const KEY = "vitrine";

/** The result of a function, undefined if it fails: no fault of ours, or of an option, reaches the page. */
export function quietly(act) {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Options as the page's JSON block has them now. */
export function readBlock() {
  return quietly(() => JSON.parse(document.getElementById(KEY).textContent)) ?? {};
}

/** Tell the page: `vitrine:<name>` on the document. */
export function announce(name, detail) {
  document.dispatchEvent(new CustomEvent(`${KEY}:${name}`, {detail}));
}

/** A locale as Intl and the API spell it, undefined if it is none: `en_gb` is en-GB. */
export function canonical(locale) {
  return quietly(() => new Intl.Locale(locale.replace(/_/g, "-")).baseName);
}

/** Names between spaces or commas. */
export function words(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** What another page view is told by. */
export function here() {
  return location.pathname + location.search;
}

/** An address without what may be secret of it, as long as the API takes it. */
export function bare(href) {
  return href.split(/[?#]/)[0].slice(0, 512);
}

/** A text as the API takes it: at most 200 characters, none of them invisible. */
export function clip(text) {
  return text?.slice(0, 200).replace(/\p{C}/gu, " ");
}

/** An id by time and chance: nobody gains by guessing it. */
export function unique() {
  return Date.now().toString(36) + Math.random().toString(36).slice(2);
}
