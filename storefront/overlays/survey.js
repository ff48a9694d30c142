/** One question with answers to choose from. */

import {make, textOf} from "./elements.js";

/** The answer leaves as the event `survey`; nothing else is asked or kept. */
export function render_survey(frame) {
  const {labels, content} = frame;
  const question = frame.text("question");
  const answers = (Array.isArray(content.answers) ? content.answers : []).filter((one) => one?.id != null);
  if (!question || !answers.length) return false;
  const missing = make("p", {id: "missing", class: "wrong", role: "alert"});
  const form = make(
    "form",
    {class: "survey", novalidate: true, onsubmit: submit},
    make("div", {role: "radiogroup", "aria-labelledby": "title", class: "choices"}, ...answers.map(choice)),
    missing,
    make("div", {class: "actions"}, make("button", {class: "button", part: "button"}, frame.text("button") || labels.send)),
  );
  frame.body.append(form);
  return true;

  function submit(event) {
    event.preventDefault();
    const chosen = form.querySelector("input:checked");
    missing.textContent = chosen ? "" : labels.choose;
    if (!chosen) return form.querySelector("input").focus();
    frame.isEngaged = true;
    frame.track("survey", {answers: {[question]: chosen.value}});
    return frame.conclude(frame.text("thanks") || labels.thanks, "");
  }
}

function choice(answer) {
  const radio = make("input", {type: "radio", name: "answer", value: textOf(answer.id)});
  return make("label", {class: "choice"}, radio, make("span", {}, textOf(answer.text)));
}
