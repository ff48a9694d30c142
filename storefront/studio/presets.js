/** Situations to show a colleague: what is supposed, where in the shop, and what happens there. */

import {WEATHER} from "./overrides.js";

const LEAVING = {exit_intent: true};

/** Every preset as {overrides, page, consent, cart, signals}, by name. `choices` are what the data holds. */
export function presets({regions, households, items}) {
  const today = new Date().toLocaleDateString("sv");
  const north = regions.find(({id}) => id === "north") ?? regions[0];
  const baker = households.find(({about}) => about === "bakes") ?? households[0];
  return {
    real: {overrides: {device: undefined}},
    hot: {overrides: {region: north.id, ...WEATHER.hot}, page: "/shop"},
    frost: {overrides: WEATHER.cold, page: "/shop"},
    rain: {overrides: {...WEATHER.rain, at: `${today}T20:00`}, page: "/shop"},
    breakfast: {overrides: {at: `${today}T08:00`}, page: "/shop"},
    bakes: {overrides: {household: baker?.id}, page: "/shop", consent: "accepted"},
    leaving: {
      overrides: {},
      page: "/shop/cart",
      consent: "accepted",
      cart: items.slice(3, 6).map(({id}) => id),
      signals: LEAVING,
    },
  };
}
