/** Renderers: (answer, context) -> what stands in the placement, `true` if they put it there, else its own content stays. */

import {money} from "./money.js";
import {quietly} from "./page.js";

const LABELS = {
  en: {
    regular: "Regular price",
    bundle: "with {item} for {price} instead of {apart}",
    this: "this item",
  },
  ru: {
    regular: "Обычная цена",
    bundle: "вместе с {item} за {price} вместо {apart}",
    this: "этим товаром",
  },
};

/** Labels in the language of a locale such as `ru-RU`, English where there are none. */
export function labelsOf(locale) {
  return LABELS[locale.slice(0, 2)] ?? LABELS.en;
}

/** A row of products, or several under titles of their own. */
export function products(answer, context) {
  const {title} = answer.content ?? {};
  const rows = (answer.rows.length ? answer.rows : [{items: answer.items}]).filter((row) => row.items.length);
  const titles = Object.fromEntries(itemsOf(answer).map(({id, card}) => [id, card.title]));
  const made = document.createDocumentFragment();
  if (title) made.append(node("h2", "title", title));
  for (const row of rows) {
    if (row.title) made.append(node("h3", "subtitle", row.title));
    const list = node("ul", "row", ...row.items.map((item) => product(item, titles, context)));
    list.setAttribute("role", "list"); // else Safari takes a list without bullets for none
    list.ariaLabel = row.title || title || null;
    made.append(list);
  }
  return rows.length && made;
}

/** A banner. */
export function content(answer, context) {
  const {title, text, button, link, image} = answer.content;
  const href = address(link);
  const said = [title && node("strong", "title", title), text && node("span", "text", text)];
  if (button && href) said.push(node("span", "button", button));
  const made = node(href ? "a" : "div", "banner", picture(image, context), node("span", "said", ...said));
  if (href) made.href = href;
  return (title || text || image) && made;
}

/** The placement's own children by `data-item` in the decided order; children without one stay where they are. */
export function sort(answer, {element}) {
  const order = new Map(answer.items.map(({id}, index) => [id, index]));
  const children = [...element.children].filter((child) => order.has(child.dataset.item));
  const places = children.map((child) => {
    const place = new Comment();
    child.replaceWith(place);
    return place;
  });
  children.sort((one, other) => order.get(one.dataset.item) - order.get(other.dataset.item));
  children.forEach((child, index) => places[index].replaceWith(child));
  return true;
}

/** Every item of an answer, those of its rows, too. */
export function itemsOf({items, rows}) {
  return [...(items ?? []), ...(rows ?? []).flatMap((row) => row.items)];
}

function product({id, card, sponsored, bundle}, titles, context) {
  const {locale, labels} = context;
  const {title, price, regular_price, currency} = card;
  const href = address(card.url);
  const prices = node("span", "prices", node("span", "price", money(price, currency, locale)));
  if (regular_price > price) {
    const was = node("span", "unseen", `${labels.regular} `);
    prices.append(" ", node("s", "regular", was, money(regular_price, currency, locale)));
  }
  const made = node(href ? "a" : "span", "card", picture(card.image, context), node("span", "name", title), prices);
  if (bundle) made.append(node("span", "bundle", setOf(bundle, titles, context)));
  if (sponsored) made.append(node("span", "sponsored", sponsored));
  if (href) made.href = href;
  const item = node("li", "item", made);
  item.dataset.item = id;
  return item;
}

/** A set is of the item and another one of the answer, or else the page's own. */
function setOf(bundle, titles, {locale, labels}) {
  const parts = {
    item: titles[bundle.with] ?? labels.this,
    price: money(bundle.price, bundle.currency, locale),
    apart: money(bundle.apart, bundle.currency, locale),
  };
  return labels.bundle.replace(/{(\w+)}/g, (_, name) => parts[name]);
}

function picture(image, {api}) {
  const src = address(image?.startsWith("/media/") ? api + image : image);
  if (!src) return "";
  return Object.assign(node("img", "image"), {alt: "", loading: "lazy", width: 160, height: 160, src});
}

function node(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = `vitrine-${name}`;
  made.append(...children.filter(Boolean));
  return made;
}

/** The address if it leads to a page or file of the web, else undefined: no `javascript:`, no `data:`. */
function address(text) {
  const url = text && quietly(() => new URL(text, document.baseURI));
  return /^https?:$/.test(url?.protocol) ? url.href : undefined;
}
