/** The studio's page: panel, shop and feed, tied together. */

import {changes, decision, spoken} from "./decision.js";
import {chip} from "./dom.js";
import {Shop} from "./frame.js";
import {ask, fromAddress, inWords, suppose, toAddress} from "./overrides.js";
import {Panel} from "./panel.js";
import {presets} from "./presets.js";
import {answerConsent, deliverTo, fillCart} from "./shop_calls.js";

const KEPT = 20;
const SETTLED_MS = 600;
const SIGNALS = {leave: {exit_intent: true}, idle: {idle_s: 60}, back: {tab_return: true}};
const byId = (id) => document.getElementById(id);
const last = new Map();
let choices;
let region;

const shop = new Shop(byId("shop"), byId("room"), () => keepAddress());
const panel = new Panel(byId("form"), () => attempt(apply));

/** Suppose what the form says and show the shop under it. */
async function apply(path) {
  const overrides = panel.overrides;
  const {overrides: taken, is_preview} = await suppose(overrides);
  if (taken.household) await answerConsent("accepted");
  if (taken.region !== region) await deliverTo((region = taken.region) ?? "");
  shop.device(taken.device ?? null);
  pressed("device", taken.device ?? "fit");
  const said = inWords(taken, choices);
  const mode = is_preview ? "Preview, counted nowhere" : "Real decisions, counted and recorded";
  byId("mode").textContent = [mode, ...said].join(" · ");
  byId("mode").dataset.preview = is_preview ? "yes" : "";
  await shop.open(typeof path === "string" ? path : undefined);
}

/** What a person started; a fault is said where they look. */
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

async function take({overrides, page, consent, cart, signals}) {
  panel.overrides = {device: panel.device ?? undefined, ...overrides};
  if (consent) await answerConsent(consent);
  if (cart) await fillCart(cart);
  await apply(page);
  if (signals) await shop.signal(signals);
}

function keepAddress() {
  const page = shop.path && shop.path !== "/shop" ? shop.path : "";
  const search = toAddress(panel.overrides, {page});
  history.replaceState(null, "", `/studio${search}`);
  byId("compare").href = `/studio/compare${toAddress(panel.overrides)}`;
  for (const link of byId("pages").children) {
    link.setAttribute("aria-current", String(link.dataset.path === shop.path ? "page" : "false"));
  }
}

// ---- what is decided

function listen() {
  const feed = new EventSource("/studio/feed");
  feed.addEventListener("message", ({data}) => heard(JSON.parse(data)));
  feed.addEventListener("error", () => feed.readyState === EventSource.CLOSED && attempt(lost));
  return new Promise((ready) => feed.addEventListener("open", ready, {once: true}));
}

function lost() {
  throw new Error("The demo was started anew or stopped: load this page again.");
}

function heard(news) {
  if (news.kind === "events") return happened(news);
  const list = byId("list");
  byId("empty").hidden = true;
  pressed("consent", news.request.consent?.includes("personalization") ? "accepted" : "refused");
  const page = `${news.request.page.type} ${news.request.placements ?? ""}`;
  const before = last.get(page) ?? null;
  last.set(page, news);
  for (const older of list.querySelectorAll("details.decision[open]")) older.open = false;
  list.prepend(decision(news, before, {point: (name) => shop.point(name)}));
  [...list.children].slice(KEPT).forEach((old) => old.remove());
  byId("spoken").textContent = spoken(news, before);
  mark(changes(news, before));
  setTimeout(() => markLate(news), SETTLED_MS);
}

/** Placements whose answer came when the shop's own content was seen already. */
function markLate({n, answer}) {
  const states = shop.states;
  for (const [name, {kind}] of Object.entries(answer?.placements ?? {})) {
    if (kind === "none" || kind === "overlay" || states.get(name) !== "default") continue;
    const line = document.querySelector(`[data-n="${n}"] [data-name="${CSS.escape(name)}"] .winner`);
    line?.prepend(chip("late", "warn"), " ");
  }
}

/** The panel's button, on a phone, tells that something changed. */
function mark(changed) {
  byId("drawer").textContent = changed.size ? `Panel (${changed.size} changed)` : "Panel";
}

function happened({events, is_sent}) {
  const said = events.map(({kind, item, placement}) => [kind.replaceAll("_", " "), placement ?? item].filter(Boolean).join(" "));
  const how = is_sent ? "Last events" : "Last events, kept back: a household of the data";
  byId("happened").textContent = `${how}: ${said.join(", ")}`;
  byId("happened").title = byId("happened").textContent;
}

// ---- buttons

function each(group, act) {
  for (const one of byId(group).children) one.addEventListener("click", () => attempt(() => act(one.dataset.name)));
}

function pressed(group, name) {
  for (const one of byId(group).children) one.setAttribute("aria-pressed", String(one.dataset.name === name));
}

function buttons() {
  const all = presets(choices);
  each("presets", (name) => take(all[name]));
  each("device", (name) => (panel.device = name === "fit" ? null : name));
  each("signals", (name) => shop.signal(SIGNALS[name]));
  each("consent", consent);
  const paths = pagesOf(choices);
  for (const one of byId("pages").children) {
    one.hidden = !paths[one.dataset.name];
    one.dataset.path = paths[one.dataset.name];
  }
  each("pages", (name) => shop.open(paths[name]));
  byId("newcomer").addEventListener("click", () => attempt(becomeNew));
  byId("share").addEventListener("click", () => attempt(share));
  byId("leave").addEventListener("click", () => attempt(leave));
  byId("drawer").addEventListener("click", () => drawer(byId("drawer").getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", ({key}) => key === "Escape" && drawer(false));
}

function pagesOf({categories, items}) {
  return {
    home: "/shop",
    category: categories[0] && `/shop/c/${categories[0]}`,
    product: items[0] && `/shop/p/${items[0].id}`,
    search: "/shop/search?q=soup",
    favourites: "/shop/favourites",
    cart: "/shop/cart",
    checkout: "/shop/checkout",
  };
}

async function consent(choice) {
  await answerConsent(choice);
  await shop.open();
}

async function becomeNew() {
  await ask("/studio/newcomer", {method: "POST"});
  shop.forget();
  panel.overrides = {...panel.overrides, household: undefined};
  await apply("/shop");
}

async function share() {
  await navigator.clipboard.writeText(location.href);
  byId("share").textContent = "Copied";
  setTimeout(() => (byId("share").textContent = "Copy link"), 1500);
}

async function leave() {
  await ask("/studio/leave", {method: "POST"});
  location.assign("/shop");
}

function drawer(isOpen) {
  document.body.dataset.drawer = isOpen ? "open" : "";
  byId("drawer").setAttribute("aria-expanded", String(isOpen));
}

async function begin() {
  choices = await ask("/studio/choices");
  panel.offer(choices);
  const asked = fromAddress(location.search);
  panel.overrides = Object.keys(asked).length ? asked : choices.overrides;
  buttons();
  byId("empty").textContent = "Every page of the shop asks once; what it is answered appears here.";
  await listen();
  await apply(new URLSearchParams(location.search).get("page") ?? "/shop");
}

attempt(begin);
