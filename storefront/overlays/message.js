/** Overlays that say something and perhaps show goods: message, idle, exit intent, goods beside what was just added. */

import {icon, make, textOf, TICK} from "./elements.js";
import {goodsList} from "./goods.js";

function say(frame, {canAdd = false} = {}) {
  frame.body.append(goodsList(frame, {canAdd}) ?? "");
  frame.actions.append(frame.mainButton() ?? "");
}

/** A card in the corner. */
export function render_message(frame) {
  say(frame);
}

/** A card in the corner for somebody who stopped. */
export function render_idle(frame) {
  say(frame);
}

/** A dialog for somebody about to leave; leaving is as easy as staying. */
export function render_exit_intent(frame) {
  say(frame);
  frame.actions.append(frame.closeButton(frame.labels.not_now));
}

/** What goes with the goods just put into the cart. */
export function render_add_to_cart(frame) {
  const added = textOf(frame.options.added);
  if (added) frame.body.append(make("p", {class: "added", part: "added"}, added));
  say(frame, {canAdd: true});
  frame.actions.append(frame.closeButton(frame.labels.not_now));
  const tick = icon(TICK);
  tick.classList.add("tick");
  frame.title.prepend(tick);
}
