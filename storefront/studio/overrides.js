/** What is supposed: kept on the server for this browser, and in the address, so that a colleague sees the same. */

/** Field by the name that the address has for it. */
const SPELLED = {
  region: "region",
  temperature: "temperature_c",
  anomaly: "anomaly_c",
  rain: "precipitation_mm",
  sky: "condition",
  at: "at",
  device: "device",
  persona: "persona",
  household: "household",
};
const NUMBERS = new Set(["temperature_c", "anomaly_c", "precipitation_mm"]);

export const WEATHER = {
  hot: {temperature_c: 33, anomaly_c: 9, precipitation_mm: 0, condition: "clear"},
  cold: {temperature_c: -10, anomaly_c: -9, precipitation_mm: 0, condition: "snow"},
  rain: {temperature_c: 12, anomaly_c: -1, precipitation_mm: 4, condition: "rain"},
};

/** What a search string supposes. */
export function fromAddress(search) {
  const given = new URLSearchParams(search);
  const overrides = {};
  for (const [name, field] of Object.entries(SPELLED)) {
    const text = given.get(name);
    if (!text) continue;
    if (!NUMBERS.has(field)) overrides[field] = text;
    else if (Number.isFinite(Number(text))) overrides[field] = Number(text);
  }
  return overrides;
}

/** The search string of what is supposed, with `more` (the shop's page, the consent) where it is not empty. */
export function toAddress(overrides, more = {}) {
  const said = new URLSearchParams();
  for (const [name, field] of Object.entries(SPELLED)) {
    if (overrides[field] !== undefined && overrides[field] !== null) said.set(name, overrides[field]);
  }
  for (const [name, value] of Object.entries(more)) if (value) said.set(name, value);
  const text = said.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}

/** Suppose this from now on. Resolves to {overrides, preview}; rejects with what is wrong. */
export async function suppose(overrides) {
  return ask("/studio/overrides", {method: "PUT", body: JSON.stringify(overrides)});
}

/** The JSON of a call; rejects with the fault's own words. */
export async function ask(path, options) {
  const reply = await fetch(path, options);
  const told = await reply.json().catch(() => ({}));
  if (reply.ok) return told;
  const {message, field} = told.error ?? {};
  throw new Error([field, message ?? `${path} answered ${reply.status}`].filter(Boolean).join(": "));
}

/** What is supposed, in a line for people. */
export function inWords(overrides, choices) {
  const region = choices.regions.find((one) => one.id === overrides.region);
  const household = choices.households.find((one) => one.id === overrides.household);
  const {temperature_c, condition, at, persona, device} = overrides;
  return [
    region?.name,
    temperature_c !== undefined && `${temperature_c} °C`,
    condition,
    at && at.replace("T", ", "),
    household ? `household that ${household.about}` : overrides.household,
    persona,
    device,
  ].filter(Boolean);
}
