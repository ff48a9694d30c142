/** Overlays of a Vitrine answer: one at a time, opened by vitrine.js or by a page of its own.

Each `render_<mechanic>` fills a frame and answers false if there is nothing sound to show. A shop that wants another
look for a mechanic passes a function of its own in `options.renderers`.
*/

import {render_comparison} from "./overlays/comparison.js";
import {render_countdown} from "./overlays/countdown.js";
import {Frame} from "./overlays/frame.js";
import {render_lead_form} from "./overlays/lead.js";
import {render_add_to_cart, render_exit_intent, render_idle, render_message} from "./overlays/message.js";
import {render_survey} from "./overlays/survey.js";
import {render_wheel} from "./overlays/wheel.js";
import {quietly} from "./snippet/page.js";

const RENDERERS = {
  message: render_message,
  exit_intent: render_exit_intent,
  idle: render_idle,
  add_to_cart: render_add_to_cart,
  survey: render_survey,
  lead_form: render_lead_form,
  countdown: render_countdown,
  comparison: render_comparison,
  wheel: render_wheel,
};

let current = null;

/** Open an answer's overlay; one that is open already gives way. Never throws: what cannot be shown is not, and then
the handle's `element` is null. */
export function open(answer, options = {}) {
  const frame = quietly(() => new Frame(answer, options));
  const isShown = frame && quietly(() => present(frame));
  if (!isShown) {
    quietly(() => frame.close());
    quietly(() => options.onClose());
  }
  return {element: isShown ? frame.element : null, close: () => quietly(() => frame.close())};
}

function present(frame) {
  const {mechanic} = frame.answer;
  const render = frame.options.renderers?.[mechanic] ?? (Object.hasOwn(RENDERERS, mechanic) && RENDERERS[mechanic]);
  if (!render || render(frame) === false) return false;
  current?.close();
  current = frame;
  frame.show();
  return true;
}

export {
  render_add_to_cart,
  render_comparison,
  render_countdown,
  render_exit_intent,
  render_idle,
  render_lead_form,
  render_message,
  render_survey,
  render_wheel,
};
