/** What a shopper does in the shop by its own forms. */

/** Accept or refuse (`accepted`, `refused`) to be recognised. */
export async function answerConsent(choice) {
  await post("/shop/consent", {choice});
}

/** Put one piece of each item into the cart, or leave the one that is there. */
export async function fillCart(items) {
  for (const item of items) await post("/shop/cart", {act: "set", item, quantity: "1"});
}

/** Have the goods delivered to a region; "" is the store's default. */
export async function deliverTo(region) {
  await post("/shop/region", {region});
}

async function post(path, fields) {
  const headers = {accept: "application/json"};
  const reply = await fetch(path, {method: "POST", headers, body: new URLSearchParams(fields)});
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
}
