/** A form of the shop's: what is typed goes to the shop's own address and nowhere else. */

import {quietly} from "./../snippet/page.js";
import {make, safeUrl, textOf} from "./elements.js";

const TYPES = new Set(["text", "email", "tel", "textarea"]);
const COMPLETIONS = {name: "name", email: "email", tel: "tel", phone: "tel"};

/** Not shown if the form has no fields or its address is not of the shop's own origin. */
export function render_lead_form(frame) {
  const {labels, content} = frame;
  const action = ownAddress(content.action);
  const fields = (Array.isArray(content.fields) ? content.fields : []).filter((field) => textOf(field?.name));
  if (!action || !fields.length) return false;
  const inputs = fields.map((field) => inputOf(field, labels));
  const consent = make("input", {type: "checkbox", name: "consent", value: "yes", id: "consent", required: true});
  const send = make("button", {class: "button", part: "button"}, frame.text("button") || labels.send);
  const failed = make("p", {class: "wrong", role: "alert"});
  const form = make(
    "form",
    {class: "lead", method: "post", action, novalidate: true, oninput: typed, onsubmit: submit},
    ...inputs.map(({row}) => row),
    make(
      "div",
      {class: "field"},
      make("label", {class: "choice"}, consent, make("span", {}, frame.text("consent") || labels.agree)),
      wrongOf(consent),
    ),
    failed,
    make("div", {class: "actions"}, send),
  );
  frame.body.append(form);
  return true;

  function typed(event) {
    frame.isDirty = true;
    if (event.target.getAttribute("aria-invalid")) check(event.target, labels);
  }

  function submit(event) {
    const wrong = [...inputs.map(({input}) => input), consent].filter((input) => !check(input, labels));
    if (wrong.length || frame.isSending) {
      event.preventDefault();
      wrong[0]?.focus();
      return;
    }
    if (!window.fetch) return;
    event.preventDefault();
    deliver().catch(() => {});
  }

  async function deliver() {
    const typed = new FormData(form);
    setSending(true);
    failed.textContent = "";
    const isTaken = await post(action, typed);
    setSending(false);
    if (!isTaken) {
      failed.textContent = labels.failed;
      send.focus();
      return;
    }
    frame.engage();
    quietly(() => frame.options.onLead?.(Object.fromEntries(typed), frame.answer));
    frame.conclude(frame.text("thanks") || labels.thanks, "");
  }

  function setSending(is) {
    frame.isSending = is;
    send.setAttribute("aria-disabled", String(is));
    if (is) frame.announce(labels.sending);
  }
}

function ownAddress(value) {
  const address = safeUrl(textOf(value));
  return address && new URL(address).origin === location.origin ? address : null;
}

async function post(action, body) {
  try {
    return (await fetch(action, {method: "POST", body, credentials: "same-origin"})).ok;
  } catch {
    return false;
  }
}

function inputOf(field, labels) {
  const name = textOf(field.name);
  const type = TYPES.has(field.type) ? field.type : "text";
  const isLong = type === "textarea";
  const input = make(isLong ? "textarea" : "input", {
    id: `field-${name}`,
    name,
    type: isLong ? null : type,
    rows: isLong ? 3 : null,
    required: Boolean(field.required),
    autocomplete: COMPLETIONS[type] ?? COMPLETIONS[name] ?? "on",
  });
  const mark = !field.required && make("span", {class: "optional"}, ` (${labels.optional})`);
  const label = make("label", {for: input.id}, textOf(field.label) || name, mark || null);
  return {input, row: make("div", {class: "field"}, label, input, wrongOf(input))};
}

function wrongOf(input) {
  input.setAttribute("aria-describedby", `${input.id}-wrong`);
  return make("p", {id: `${input.id}-wrong`, class: "wrong"});
}

function check(input, labels) {
  const said = faultOf(input, labels);
  if (said) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  input.getRootNode().getElementById(`${input.id}-wrong`).textContent = said;
  return !said;
}

function faultOf(input, labels) {
  if (input.type === "checkbox") return input.checked ? "" : labels.agree_first;
  if (!input.value.trim()) return input.required ? labels.required : "";
  if (input.type === "email") return input.validity.typeMismatch ? labels.email : "";
  if (input.type === "tel") return input.value.replace(/\D/g, "").length < 5 ? labels.phone : "";
  return "";
}
