/** Elements from data: everything a decision says is set as text, never as HTML. */

/**
 * An element. Props: `class`, `on` ({click: …}), `data` ({item: "1"}), properties of the element by their own name
 * (`hidden`, `open`, `href`), and attributes with a dash or of ARIA. Children that are null or false are left out.
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name === "on") for (const [kind, heard] of Object.entries(value)) made.addEventListener(kind, heard);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name in made && !name.startsWith("aria")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A `<details>` whose inside is made when it is first opened. */
export function folded(summary, make, props = {}) {
  const made = el("details", props, el("summary", {}, summary));
  const fill = () => made.open && made.childElementCount === 1 && made.append(...[make()].flat());
  made.addEventListener("toggle", fill);
  fill();
  return made;
}

/** A small label. */
export function chip(text, kind = "") {
  return el("span", {class: `chip ${kind}`}, text);
}

/** A table of rows of cells, with a caption for those who do not see it. */
export function table(caption, head, rows) {
  return el(
    "table",
    {},
    el("caption", {class: "unseen"}, caption),
    el("thead", {}, el("tr", {}, ...head.map((name) => el("th", {scope: "col"}, name)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))))),
  );
}

/** A number as a person reads it: three digits that mean something. */
export function short(number) {
  if (number === null || number === undefined) return "–";
  if (Number.isInteger(number)) return String(number);
  return String(Number(number.toPrecision(3)));
}

/** Any value of an attribute in one line. */
export function said(value) {
  if (value === null || value === undefined) return "unknown";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  return typeof value === "number" ? short(value) : String(value);
}

/** An amount of minor units: 98 USD is $0.98. */
export function money(amount, currency) {
  const format = new Intl.NumberFormat("en", {style: "currency", currency});
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}
