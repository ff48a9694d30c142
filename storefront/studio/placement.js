/** One placement of a decision: what won, what lost by what, which goods came from where. */

import {chip, el, folded, said, short, table} from "./dom.js";
import {origin, outcome, reason, winner} from "./words.js";

/** A line that unfolds. `told` is of the explanation (null without one), `shown` of the answer. */
export function placement(name, shown, told, {isChanged, differs, point}) {
  const goods = itemsOf(shown);
  const said = goods.length ? `${goods.length} goods` : textOf(shown.content);
  const summary = el(
    "span",
    {class: "placement-line"},
    el("span", {class: "placement-name"}, name),
    el(
      "span",
      {class: shown.campaign ? "winner" : "winner own"},
      isChanged && el("span", {class: "changed-mark", title: "changed"}, el("span", {class: "unseen"}, "changed: ")),
      winner(shown),
      shown.fallback && [" ", chip("fallback", "warn")],
    ),
    el("span", {class: "what"}, shown.kind === "none" ? "–" : said),
  );
  return folded(summary, () => inside(name, shown, told, differs, point), {class: "placement", data: {name}});
}

function inside(name, shown, told, differs, point) {
  const titled = shown.content?.title || shown.content?.text;
  return el(
    "div",
    {class: "inside"},
    el(
      "p",
      {class: "facts"},
      titled ? el("q", {}, titled) : null,
      shown.mechanic && chip(shown.mechanic),
      shown.fallback && chip(`fallback: ${shown.fallback}`, "warn"),
      el("button", {type: "button", class: "plain", on: {click: () => point(name)}}, "Show in the shop"),
    ),
    differs && el("p", {class: "note"}, "Explained just before it was decided: a place that is left to chance fell otherwise."),
    told && considered(told.considered),
    told ? rowsOf(told).map((row) => items(row)) : shownItems(shown),
    told && dropped(told.dropped),
  );
}

function considered(campaigns) {
  if (!campaigns.length) return el("p", {class: "note"}, "No campaign asks for this placement here.");
  const rows = campaigns.map(({campaign, variation, outcome: code, bucket, attributes}) => [
    el("span", {class: code === "shown" || code === "control" ? "won" : ""}, campaign),
    el(
      "span",
      {class: "evidence"},
      el("span", {}, [outcome(code), variation && variation !== "default" && ` (${variation})`].filter(Boolean).join("")),
      ...Object.entries(attributes ?? {}).map(([path, value]) => el("span", {class: "fact"}, `${path} = ${said(value)}`)),
      bucket !== undefined && el("span", {class: "fact"}, `bucket ${short(bucket)}`),
    ),
  ]);
  return scrolled(table("Campaigns that were considered", ["Considered", "What became of it"], rows));
}

function items({title, items: goods}) {
  if (!goods.length) return null;
  return el("div", {}, title && el("h4", {}, title), el("ol", {class: "goods"}, ...goods.map((one) => el("li", {}, good(one)))));
}

function good(one) {
  const summary = el(
    "span",
    {class: "good-line"},
    el("span", {class: "slot"}, one.slot + 1),
    el(
      "span",
      {},
      el("span", {class: "good-title"}, one.title ?? one.item),
      el("span", {class: "from"}, ` ${origin(one.reason)} `),
      one.sponsor && chip(`paid: ${one.sponsor}`, "warn"),
      one.rules.map((rule) => chip(rule)),
    ),
    el("span", {class: "score", title: "score"}, one.score === null ? "" : short(one.score)),
  );
  return folded(summary, () => goodInside(one));
}

function goodInside(one) {
  const lists = Object.entries(one.lists);
  const features = Object.entries(one.features);
  const model = one.model_score !== null && `model ${short(one.model_score)}`;
  const chance = one.propensity !== null && one.propensity < 1 ? `chance of this place ${short(one.propensity)}` : "";
  return el(
    "div",
    {class: "good-inside"},
    el("p", {class: "facts"}, ...[`item ${one.item}`, model, chance].filter(Boolean).map((text) => el("span", {}, text))),
    lists.length > 0 && scrolled(table("Lists that name it", ["List", "Score there"], lists.map(([name, score]) => [name, short(score)]))),
    standsOut(one.stands_out),
    features.length > 0 &&
      folded(`${features.length} features`, () =>
        scrolled(table("Features", ["Feature", "Value"], features.map(([name, value]) => [name, short(value)]))),
      ),
  );
}

/** How far from the page's other candidates, in standard deviations. */
function standsOut(features) {
  const entries = Object.entries(features ?? {});
  if (!entries.length) return null;
  const told = entries.map(([name, value]) => el("span", {class: "fact"}, `${name} ${value > 0 ? "+" : ""}${short(value)} σ`));
  return el("p", {class: "facts"}, "stands out by ", ...told);
}

function dropped(reasons) {
  const entries = Object.entries(reasons ?? {});
  if (!entries.length) return null;
  return el("p", {class: "facts"}, "left out: ", ...entries.map(([code, n]) => chip(`${n} ${reason(code)}`)));
}

function shownItems(shown) {
  return el("ol", {class: "goods"}, ...itemsOf(shown).map(({card, id}) => el("li", {}, card?.title ?? id)));
}

function rowsOf(told) {
  return told.rows.length ? told.rows : [told];
}

/** Every item of an answer, those of its rows, too. */
export function itemsOf({items: goods, rows}) {
  return [...goods, ...rows.flatMap((row) => row.items)];
}

function textOf(content) {
  return content?.title ?? content?.text ?? "";
}

/** A wide table scrolls by itself, with the keyboard, too. */
function scrolled(wide) {
  return el("div", {class: "scrolled", tabIndex: 0, role: "region", "aria-label": wide.caption.textContent}, wide);
}
