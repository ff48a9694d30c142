/** What codes of an explanation mean, in words. */

const OUTCOMES = {
  shown: "won",
  control: "won, but held back for comparison",
  outranked: "another came before it",
  page: "not on this type of page",
  schedule: "not its time",
  condition: "condition not met:",
  consent: "needs a consent that is missing",
  holdout: "the visitor is in the global holdout",
  capped: "seen often enough",
  group: "one of its group was shown",
  budget: "its budget is spent",
  not_in_experiment: "the visitor is not in its experiment",
  nothing_to_show: "it had nothing to show",
  not_counted: "its showing could not be counted",
};

const LISTS = {
  personal: "own list",
  popular: "popular",
  discounted: "reduced",
  viewed: "seen lately",
  next: "what visits go on to",
  listing: "the page's listing",
};

const REASONS = {
  no_candidates: "no candidates",
  below_floor: "too few good ones",
  sold_out: "sold out",
  no_cards: "no cards",
  not_read: "not read in time",
  no_listing: "the page has no listing",
};

/** Why a campaign is where it is. */
export function outcome(code) {
  return OUTCOMES[code] ?? code;
}

/** Which list an item came from, and what led to it. */
export function origin({list, item}) {
  const name = LISTS[list] ?? list.replaceAll("_", " ");
  return item ? `${name} ← ${item}` : name;
}

/** Why a placement is empty. */
export function reason(code) {
  return REASONS[code] ?? code.replaceAll("_", " ");
}

/** What a page is about: "product 1082185". */
export function pageName({type, item, category, query}) {
  return [type, item ?? category ?? query].filter(Boolean).join(" ");
}

/** Who won a placement. */
export function winner({campaign, variation, control, kind, reasons}) {
  if (control) return `${campaign} is held back`;
  if (campaign) return variation && variation !== "default" ? `${campaign} · ${variation}` : campaign;
  if (kind === "none") return reasons.length ? reasons.map(reason).join(", ") : "nothing";
  return "the placement's own";
}
