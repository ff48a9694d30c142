/** One decision: in a line, and unfolded with stages, cost, circumstances and placements. */

import {chip, el, folded, said, short, table} from "./dom.js";
import {ask} from "./overrides.js";
import {itemsOf, placement} from "./placement.js";
import {pageName} from "./words.js";

const CLOCK = new Intl.DateTimeFormat("en-GB", {hour: "2-digit", minute: "2-digit", second: "2-digit"});

/** An entry of the list. `before` is the decision of the same page before it, null if there was none. */
export function decision(news, before, act) {
  if (news.error || !news.answer) return failed(news);
  return folded(headline(news), () => inside(news, before, act), {class: "decision", open: true, data: {n: news.n}});
}

/** In words, for who hears rather than sees. */
export function spoken(news, before) {
  if (!news.answer) return `The decision failed with status ${news.status}.`;
  const changed = changes(news, before);
  const page = pageName(news.request.page);
  if (!before) return `${page}: ${Object.keys(news.answer.placements).length} placements decided.`;
  return `${page}: ${changed.size ? `${[...changed].join(", ")} changed` : "nothing changed"}.`;
}

/** Placements that another campaign won, or that hold other goods, than the last time. */
export function changes(news, before) {
  if (!before?.answer || !news.answer) return new Set();
  const then = before.answer.placements;
  const now = Object.entries(news.answer.placements);
  return new Set(now.filter(([name, one]) => then[name] && essence(one) !== essence(then[name])).map(([name]) => name));
}

function essence(one) {
  return JSON.stringify([one.kind, one.campaign, one.variation, itemsOf(one).map(({id}) => id)]);
}

function headline(news) {
  const {request, answer, cost, is_preview, at_ms, n} = news;
  const signals = Object.entries(request.signals ?? {}).filter(([, value]) => value);
  const took = Object.values(answer.timings_ms ?? {}).reduce((sum, ms) => sum + ms, 0);
  return el(
    "span",
    {class: "headline"},
    el("span", {class: "number"}, `#${n}`),
    el("strong", {}, pageName(request.page)),
    ...signals.filter(([name]) => name !== "scroll" || signals.length === 1).map(([name]) => chip(name.replace("_", " "), "signal")),
    is_preview ? chip("preview", "preview") : chip("real", "real"),
    el("span", {class: "figures"}, `${short(took)} ms · $${cost.total.toFixed(2)}/M · ${CLOCK.format(at_ms)}`),
  );
}

function inside(news, before, act) {
  const {answer, explanation, differs} = news;
  const changed = changes(news, before);
  return el(
    "div",
    {class: "inside"},
    facts(news),
    stages(answer.timings_ms),
    el("div", {class: "folds"}, costs(news.cost), explanation && circumstances(explanation), replay(news)),
    news.explanation_error && el("p", {class: "note"}, `No explanation: ${news.explanation_error.message}`),
    el(
      "div",
      {class: "placements"},
      ...Object.entries(answer.placements).map(([name, shown]) =>
        placement(name, shown, explanation?.placements[name] ?? null, {
          isChanged: changed.has(name),
          differs: differs.includes(name),
          point: act.point,
        }),
      ),
    ),
  );
}

function facts({answer, explanation, request, overrides}) {
  const known = request.consent?.includes("personalization");
  const who = overrides.household ? `household ${overrides.household}` : known ? "this browser's visitor" : "nobody known";
  return el(
    "p",
    {class: "facts"},
    el("span", {class: "fact"}, `${who}${overrides.household && !known ? " (no consent: not recognised)" : ""}`),
    el("span", {class: "fact"}, `${answer.region}${explanation ? ` (${explanation.region_source})` : ""}`),
    explanation && el("span", {class: "fact"}, `${explanation.n_candidates} candidates`),
    el("span", {class: "fact"}, answer.model ?? "no model"),
    el("span", {class: "fact"}, `release ${answer.release}`),
    ...answer.skipped.map((stage) => chip(`skipped: ${stage}`, "warn")),
  );
}

/** Stages as one bar; what each took stands beneath. */
function stages(timings) {
  const all = Object.entries(timings ?? {});
  const sum = all.reduce((total, [, ms]) => total + ms, 0) || 1;
  const bar = el("div", {class: "bar", "aria-hidden": "true"});
  all.forEach(([, ms], index) => {
    const part = el("span", {class: `part part-${index % 8}`});
    part.style.setProperty("flex-grow", String(ms / sum));
    bar.append(part);
  });
  const legend = all.map(([name, ms], index) =>
    el("li", {}, el("span", {class: `dot part-${index % 8}`, "aria-hidden": "true"}), `${name} ${short(ms)}`),
  );
  return el("div", {class: "stages"}, bar, el("ul", {class: "legend", "aria-label": "Stages in milliseconds"}, ...legend));
}

function costs(cost) {
  const rows = Object.entries(cost.items).map(([name, usd]) => [name, `$${usd.toFixed(2)}`]);
  return folded(`Estimated cost $${cost.total.toFixed(2)} per million`, () => [
    table("Estimated cost per million such decisions", ["Item", "USD per million"], [...rows, ["all of these", `$${cost.total.toFixed(2)}`]]),
    el(
      "p",
      {class: "note"},
      `An estimate, ${cost.prices}: ${short(cost.duration_ms)} ms as on this machine x ${cost.memory_mb} MB, about ` +
        `${short(cost.read_units)} read units, ${cost.bytes_out} bytes out. Not in it: the record and its storage, ` +
        "counting, logs, cold starts; make bench ONLY=cost meters everything.",
    ),
  ]);
}

function circumstances({attributes, seeds, at, locale}) {
  const looked = Object.entries(attributes);
  return folded(`${looked.length} circumstances looked at`, () => [
    el("p", {class: "facts"}, el("span", {class: "fact"}, at), el("span", {class: "fact"}, `locale ${locale}`)),
    table("Attributes that conditions asked for", ["Attribute", "Value"], looked.map(([path, value]) => [path, said(value)])),
    seeds.length > 0 &&
      table("Items whose lists were looked at", ["Led by item", "Role", "Weight"], seeds.map(({item, role, weight}) => [item, role, short(weight)])),
  ].filter(Boolean));
}

function replay({answer, is_preview, request}) {
  if (is_preview) return el("p", {class: "note"}, "A preview: counted and recorded nowhere.");
  if (!request.consent?.includes("personalization")) return el("p", {class: "note"}, "Without consent nothing is recorded.");
  const path = `/studio/replay/${encodeURIComponent(answer.decision)}`;
  const result = el("span", {role: "status"});
  const again = el("button", {type: "button", class: "plain", on: {click: async () => (result.textContent = await replayed(path))}}, "Replay");
  return el("p", {class: "facts"}, again, result, el("a", {href: path, target: "_blank"}, "as JSON"));
}

/** What became of a decision that was made again. */
async function replayed(path) {
  try {
    const {identical, gone, differs} = await ask(path);
    if (identical) return "made again: identical, byte for byte";
    return gone.length ? `cannot be made again, gone: ${gone.join(", ")}` : `differs: ${differs.join(", ")}`;
  } catch (error) {
    return error.message;
  }
}

function failed(news) {
  const {field, message} = news.error ?? {message: "no decision"};
  const meant = field?.split(".").reduce((at, name) => at?.[name], news.request);
  const named = typeof meant === "string" ? `${field} (${meant})` : field;
  const said = field ? `${named}: ${message}` : message;
  return el("p", {class: "decision failed", role: "alert"}, `#${news.n} status ${news.status}: ${said}`);
}
