/** Goods in an overlay: pictures, names, prices. */

import {money} from "./../snippet/money.js";
import {icon, make, picture, textOf, TICK} from "./elements.js";

const PLUS = "M12 5v14M5 12h14";

/** Price of a card; a higher usual price stands beside it, struck out. */
export function priceOf(card, {locale, labels}) {
  const price = make("strong", {class: "now"}, money(card.price, card.currency, locale));
  if (!(card.regular_price > card.price)) return make("span", {class: "price", part: "price"}, price);
  const usual = make("s", {}, money(card.regular_price, card.currency, locale));
  const instead = make("span", {class: "unseen"}, labels.instead);
  return make("span", {class: "price", part: "price"}, price, " ", instead, " ", usual);
}

/** Items that have a card to show. */
export function shownItems(answer) {
  return (Array.isArray(answer.items) ? answer.items : []).filter((item) => item?.card);
}

/** A list of the answer's items under its heading (`content.goods`), null without items. */
export function goodsList(frame, {canAdd = false} = {}) {
  const items = shownItems(frame.answer);
  if (!items.length) return null;
  const heading = frame.text("goods");
  return make(
    "div",
    {class: "row"},
    heading && make("h3", {id: "goods"}, heading),
    make(
      "ul",
      {class: "goods", part: "goods", role: "list", "aria-labelledby": heading ? "goods" : "title"},
      ...items.map((item) => good(frame, item, canAdd)),
    ),
  );
}

function good(frame, item, canAdd) {
  const {card} = item;
  const title = textOf(card.title);
  const label = textOf(item.sponsored);
  return make(
    "li",
    {class: "good", part: "good"},
    make("span", {class: "pane"}, picture(card.image, frame.options.api)),
    make(
      "span",
      {class: "facts"},
      goodLink(frame, item, "name", title),
      label && make("span", {class: "label"}, label),
      priceOf(card, frame),
    ),
    canAdd && addLink(frame, item, title),
  );
}

/** A link to an item's page that reports the click. */
export function goodLink(frame, item, className, ...children) {
  const onclick = () => {
    frame.isEngaged = true;
    frame.track("click", {item: item.id, slot: item.slot});
  };
  return (
    frame.link(item.card.url, {class: className, onclick}, ...children) ?? make("span", {class: className}, ...children)
  );
}

/** A link that asks the page to add the goods (`vitrine:wanted`); a page that does not leaves it a link to the goods.

The page that takes it calls `preventDefault` and, once they are in the cart, dispatches `vitrine:add` as always. */
function addLink(frame, item, title) {
  const label = make("span", {class: "word"}, frame.labels.add);
  const add = goodLink(frame, item, "add", icon(PLUS), label, make("span", {class: "unseen"}, ` ${title}`));
  const detail = {item: item.id, quantity: 1, price: item.card.price, title};
  add.addEventListener("click", (event) => {
    const wanted = new CustomEvent("vitrine:wanted", {detail, cancelable: true});
    if (!document.dispatchEvent(wanted)) event.preventDefault();
  }, {capture: true});
  const listen = (event) => {
    if (String(event.detail?.item) !== item.id) return;
    add.classList.add("done");
    add.querySelector("path")?.setAttribute("d", TICK);
    label.textContent = frame.labels.added;
    frame.announce(`${title}: ${frame.labels.added}`);
  };
  document.addEventListener("vitrine:add", listen);
  frame.cleanups.push(() => document.removeEventListener("vitrine:add", listen));
  return add;
}
