/** Personal recommendations: the snippet, cards that can be bought from, and events that the snippet cannot see. */

import { products, start } from "/vitrine.js";

const vitrine = start({ renderers: { products: withButtons } });

/** What shop.js tells: { kind, item, quantity, price }. */
document.addEventListener("shop:event", ({ detail }) => vitrine.track(detail));

const purchases = document.getElementById("purchases");
if (purchases) vitrine.track(JSON.parse(purchases.textContent));

/** Vitrine's own rows, with the shop's buttons in each card. */
function withButtons(answer, context) {
  const made = products(answer, context);
  if (!made) return made;
  const { content, dataset } = document.getElementById("buttons");
  const favourites = new Set(dataset.favourites.split(" "));
  const items = [...answer.items, ...answer.rows.flatMap((row) => row.items)];
  const cards = new Map(items.map(({ id, card }) => [id, card]));
  for (const card of made.querySelectorAll("[data-item]")) {
    const { item } = card.dataset;
    const buttons = content.cloneNode(true);
    for (const form of buttons.children) fill(form, item, cards.get(item), favourites.has(item));
    card.append(buttons);
  }
  return made;
}

function fill(form, item, { title, price }, isMarked) {
  form.elements.namedItem("item").value = item; // `elements.item` is a method
  for (const name of ["said", "title", "on", "off"]) {
    if (name in form.dataset) form.dataset[name] = form.dataset[name].replace("{title}", title);
  }
  const button = form.querySelector("button");
  button.ariaLabel = button.ariaLabel.replace("{title}", title);
  if ("add" in form.dataset) form.dataset.price = price;
  else if (isMarked) {
    form.elements.act.value = "remove";
    button.ariaPressed = "true";
    button.ariaLabel = form.dataset.on;
  }
}
