/** Up to four goods side by side. */

import {money} from "./../snippet/money.js";
import {make, picture, textOf} from "./elements.js";
import {goodLink, shownItems} from "./goods.js";

const MOST = 4;

/** A table of goods; rows in which they differ are marked. Not shown for fewer than two. */
export function render_comparison(frame) {
  const items = shownItems(frame.answer).slice(0, MOST);
  if (items.length < 2) return false;
  const {labels} = frame;
  const table = make(
    "table",
    {part: "table"},
    make(
      "thead",
      {},
      make("tr", {}, make("th", {scope: "col"}, make("span", {class: "unseen"}, labels.product)), ...items.map(column)),
    ),
    make("tbody", {}, ...facts().map(fact)),
  );
  frame.body.append(
    make("div", {class: "wide", role: "region", tabindex: "0", "aria-label": frame.text("title") || labels.compare}, table),
  );
  frame.actions.append(frame.mainButton() ?? "");
  return true;

  function column(item) {
    return make(
      "th",
      {scope: "col"},
      make("span", {class: "pane"}, picture(item.card.image, frame.options.api)),
      goodLink(frame, item, "name", textOf(item.card.title)),
      textOf(item.sponsored) && make("span", {class: "label"}, textOf(item.sponsored)),
    );
  }

  function facts() {
    const prices = (name) => items.map(({card}) => money(card[name], card.currency, frame.locale));
    return [
      {name: labels.price, values: prices("price"), best: cheapest(items)},
      {name: labels.usual, values: prices("regular_price")},
      {name: labels.category, values: items.map(({card}) => leafOf(card.category))},
    ];
  }

  function fact({name, values, best}) {
    const differs = new Set(values).size > 1;
    const mark = differs && make("span", {class: "mark"}, make("span", {class: "unseen"}, ` (${labels.differs})`));
    const cells = values.map((value, index) =>
      make("td", {}, value, best === index ? make("span", {class: "best"}, labels.cheapest) : null),
    );
    return make("tr", {class: differs ? "differs" : null}, make("th", {scope: "row"}, name, mark || null), ...cells);
  }
}

/** Index of the one cheapest item; null where several are, or where currencies differ. */
function cheapest(items) {
  const prices = items.map(({card}) => card.price);
  const least = Math.min(...prices);
  const isOneCurrency = new Set(items.map(({card}) => card.currency)).size === 1;
  const isOne = prices.filter((price) => price === least).length === 1;
  return isOneCurrency && isOne ? prices.indexOf(least) : null;
}

function leafOf(path) {
  const leaf = (textOf(path).split("/").at(-1) ?? "").replaceAll("-", " ");
  return leaf.charAt(0).toUpperCase() + leaf.slice(1);
}
