/** The token of a customer who has logged in. Only a server may make one: whoever has the secret can be anybody. */

import {createHmac} from "node:crypto";

/**
 * The token of `visitor`, the id by which the extracts of your CRM name the customer; it can be read in the token.
 *
 * `secret` is the text of Vitrine's token secret, which says both the key and its name.
 */
export function visitorToken(visitor, secret) {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(visitor)) throw new TypeError(`a visitor id is 1 to 64 letters, digits, _ or -, not ${visitor}`);
  const {kid, key} = JSON.parse(secret);
  if (typeof kid !== "string" || typeof key !== "string") throw new TypeError("the token secret is a JSON object with kid and key");
  const said = ["vitrine", "v1", "storefront", kid, visitor].join("\n");
  return `v1.${kid}.${visitor}.${createHmac("sha256", key).update(said).digest("base64url")}`;
}
