/** Comforts for who has JavaScript: goods go into the cart without a new page. Without it every form works by itself. */

const toast = document.querySelector("[data-toast]");
let fading;

/** Say something to everybody: it is shown for a while, and read out. */
function say(text) {
  clearTimeout(fading);
  toast.textContent = text;
  fading = setTimeout(() => (toast.textContent = ""), 4000);
}

/** The shop's answer to a form, undefined when there is none. */
async function post(address, fields) {
  try {
    const body = new URLSearchParams(fields);
    const reply = await fetch(address, { method: "POST", body, headers: { accept: "application/json" } });
    if (reply.ok) return await reply.json();
  } catch {}
}

/** Send a form; the shop's answer, or undefined when the form has to be sent the usual way. */
async function send(form) {
  const answer = await post(form.action, new FormData(form));
  if (!answer) form.submit();
  return answer;
}

function count(name, n) {
  const badge = document.querySelector(`[data-count="${name}"]`);
  badge.textContent = n;
  badge.hidden = !n;
}

async function add(form) {
  const button = form.querySelector("button");
  const sent = new FormData(form);
  button.disabled = true;
  const answer = await send(form);
  button.disabled = false;
  if (!answer) return;
  say(form.dataset.said);
  added(answer, +(sent.get("quantity") ?? 1), +form.dataset.price, form.dataset.title);
}

/** What a popup offers and the shopper wants. */
async function want({ item, quantity, price, title }) {
  const answer = await post("/shop/cart", { act: "add", item, quantity });
  if (answer) added(answer, quantity, price, title);
  else location.assign(`/shop/p/${item}`);
}

/** Tell everybody that goods are in the cart now. */
function added({ item, count: n }, quantity, price, title) {
  count("cart", n);
  document.dispatchEvent(new CustomEvent("vitrine:add", { detail: { item, quantity, price, title } }));
  if (document.body.matches(".on-cart, .on-checkout")) location.reload(); // these pages show what the cart holds
}

async function favour(form) {
  const button = form.querySelector("button");
  const answer = await send(form);
  if (!answer) return;
  count("favourites", answer.count);
  for (const other of document.querySelectorAll("[data-favour]")) {
    if (itemOf(other) === answer.item) mark(other, answer.marked);
  }
  button.focus();
  tell({ kind: "favourite", item: answer.item, quantity: answer.marked ? 1 : 0 });
}

/** The item that a form is about; `elements.item` would be a method. */
function itemOf(form) {
  return form.elements.namedItem("item").value;
}

function mark(form, marked) {
  const button = form.querySelector("button");
  form.elements.act.value = marked ? "remove" : "add";
  button.setAttribute("aria-pressed", marked);
  const said = marked ? form.dataset.on : form.dataset.off;
  if (button.hasAttribute("aria-label")) button.setAttribute("aria-label", said);
  else button.querySelector("span").textContent = said;
}

function tell(detail) {
  document.dispatchEvent(new CustomEvent("shop:event", { detail }));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("add" in form.dataset || "favour" in form.dataset) {
    event.preventDefault();
    "add" in form.dataset ? add(form) : favour(form);
  } else if ("removal" in form.dataset) {
    tell({ kind: "remove_from_cart", item: itemOf(form) });
  }
});

document.addEventListener("vitrine:wanted", (event) => {
  event.preventDefault();
  want(event.detail);
});

document.addEventListener("change", ({ target }) => {
  const form = target.closest("[data-tools]");
  if (form) form.requestSubmit();
});
