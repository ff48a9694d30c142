/** Everyone's page beside this visitor's: the same page, hour, weather and region, decided for both; what differs is marked. */

import {chip, el, money} from "./dom.js";
import {ask, fromAddress, inWords, suppose, toAddress} from "./overrides.js";
import {itemsOf} from "./placement.js";
import {origin, winner} from "./words.js";

const byId = (id) => document.getElementById(id);
const form = byId("ask");
let choices;
let overrides = {};

/** The body of a decision for the page that is chosen. */
function body() {
  const {type, category, product} = form.elements;
  const page = {type: type.value, locale: "en"};
  if (type.value === "category") page.category = category.value;
  if (type.value === "product") page.item = product.value;
  if (type.value === "search") page.query = "soup";
  const needsCart = ["cart", "checkout", "order"].includes(type.value);
  const cart = needsCart ? choices.items.slice(3, 6).map(({id}) => ({item: id, quantity: 1})) : [];
  const listing = ["category", "search"].includes(type.value) ? choices.items.map(({id}) => id) : [];
  return {page, cart, listing, options: {deadline_ms: 1000}, ...ofThisBrowser()};
}

/** What the snippet keeps of this browser's visitor. */
function ofThisBrowser() {
  try {
    const {token, recents} = JSON.parse(localStorage.getItem("vitrine")) ?? {};
    return {...(token && {visitor: token}), ...(recents?.length && {recent: recents})};
  } catch {
    return {};
  }
}

async function compare() {
  const {type} = form.elements;
  for (const name of ["category", "product"]) shownFor(name, name === type.value);
  const {household, persona} = form.elements;
  overrides = {...overrides, household: household.value || undefined, persona: persona.value || undefined};
  await suppose(JSON.parse(JSON.stringify(overrides)));
  const said = inWords(overrides, choices);
  byId("mode").textContent = said.length ? said.join(" · ") : "As it is";
  byId("back").href = `/studio${toAddress(overrides)}`;
  history.replaceState(null, "", `/studio/compare${toAddress(overrides, asked())}`);
  show(await ask("/studio/both", {method: "POST", body: JSON.stringify(body())}));
}

function asked() {
  const {type, category, product} = form.elements;
  const about = {category: category.value, product: product.value}[type.value];
  return {type: type.value === "home" ? "" : type.value, about};
}

function shownFor(name, isShown) {
  form.elements[name].parentElement.hidden = !isShown;
}

function show({everyone, visitor, signed_in}) {
  const who = signed_in && !overrides.household ? `This visitor, signed in as ${signed_in}` : "This visitor";
  const pairs = Object.entries(visitor.answer.placements).map(([name, right]) => ({
    name,
    left: everyone.answer.placements[name],
    right,
    why: visitor.explanation.placements[name],
  }));
  const goods = pairs.flatMap(({right}) => itemsOf(right));
  const own = pairs.flatMap(({left, right}) => itemsOf(right).filter(({id}) => !itemsOf(left).some((one) => one.id === id)));
  const n = pairs.filter(isDifferent).length;
  byId("sum").textContent =
    `${n} of ${pairs.length} placements differ; ${own.length} of ${goods.length} goods are shown to this visitor only. ` +
    `Region ${visitor.answer.region}, both decided for ${visitor.explanation.at.slice(0, 16).replace("T", " ")}.`;
  byId("pairs").replaceChildren(
    el("div", {class: "pair heads"}, el("h2", {}, "Everyone"), el("h2", {}, who)),
    ...pairs.map(pair),
  );
}

function isDifferent({left, right}) {
  const of = (one) => JSON.stringify([one.kind, one.campaign, one.variation, one.content, itemsOf(one).map(({id}) => id)]);
  return of(left) !== of(right);
}

function pair(both) {
  const {name, left, right, why} = both;
  const differs = isDifferent(both);
  const places = (one) => new Map(itemsOf(one).map(({id}, index) => [id, index]));
  return el(
    "section",
    {class: "pair", data: {differs: differs ? "yes" : "no"}, "aria-label": name},
    el("h3", {}, name, " ", differs ? chip("differs", "changed") : chip("the same")),
    side(left, (id) => !places(right).has(id) && chip("not for them")),
    side(right, (id, index) => moved(places(left).get(id), index), why),
  );
}

function moved(before, now) {
  if (before === undefined) return chip("theirs", "changed");
  if (before === now) return null;
  return chip(before > now ? `▲ ${before - now}` : `▼ ${now - before}`, before > now ? "real" : "warn");
}

function side(one, mark, why) {
  const from = new Map(why ? [why, ...why.rows].flatMap((row) => row.items).map((item) => [item.item, origin(item.reason)]) : []);
  let index = 0;
  const rows = one.rows.length ? one.rows : [one];
  return el(
    "div",
    {class: "side"},
    el("p", {class: "facts"}, el("span", {class: one.campaign ? "winner" : "winner own"}, winner(one)), text(one.content)),
    ...rows.map((row) => [
      row.title && el("h4", {}, row.title),
      el("ol", {class: "cards", hidden: !row.items.length}, ...row.items.map((item) => card(item, mark(item.id, index++), from.get(item.id)))),
    ]),
  );
}

function text(content) {
  return content?.title || content?.text ? el("q", {}, content.title ?? content.text) : null;
}

function card({id, card: told}, mark, from) {
  return el(
    "li",
    {title: from ?? ""},
    told?.image?.startsWith("/") && el("img", {src: told.image, alt: "", width: 44, height: 44, loading: "lazy"}),
    el("span", {class: "name"}, told?.title ?? id),
    told && el("span", {class: "price"}, money(told.price, told.currency)),
    mark,
  );
}

async function attempt(act) {
  const fault = byId("fault");
  try {
    await act();
    fault.hidden = true;
  } catch (error) {
    fault.textContent = error.message;
    fault.hidden = false;
  }
}

async function begin() {
  choices = await ask("/studio/choices");
  const given = fromAddress(location.search);
  overrides = Object.keys(given).length ? given : choices.overrides;
  const {type, category, product, household, persona} = form.elements;
  category.append(...choices.categories.map((path) => el("option", {}, path)));
  product.append(...choices.items.map(({id, title}) => el("option", {value: id}, title)));
  persona.append(...choices.personas.map((name) => el("option", {}, name)));
  household.append(...choices.households.map(({id, about}) => el("option", {value: id}, `${id}: ${about}`)));
  choose(household, overrides.household);
  choose(persona, overrides.persona);
  const search = new URLSearchParams(location.search);
  choose(type, search.get("type"));
  choose({category, product}[type.value], search.get("about"));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({target}) => target.id !== "only" && attempt(compare));
  byId("only").addEventListener("change", ({target}) => (byId("pairs").dataset.only = target.checked ? "yes" : ""));
  await compare();
}

/** Choose a value, adding it where the list lacks it. */
function choose(select, value) {
  if (!select || !value) return;
  select.value = value;
  if (select.value === value) return;
  select.append(el("option", {value}, value));
  select.value = value;
}

attempt(begin);
