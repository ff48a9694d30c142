/** Time left of an offer whose end the server decided; this side only subtracts. */

import {make} from "./elements.js";
import {goodsList} from "./goods.js";

const PARTS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** Ends when `live.ends_at_ms` has come, says so, and does not start again. Without an end it is a plain message. */
export function render_countdown(frame) {
  const {answer, options} = frame;
  frame.body.append(goodsList(frame) ?? "");
  frame.actions.append(frame.mainButton() ?? "", frame.closeButton(frame.labels.not_now));
  const endsAt_ms = answer.live?.ends_at_ms;
  if (!Number.isFinite(endsAt_ms)) return;
  // The device's clock may be wrong by hours: what counts is how far the server's was ahead when the answer came.
  const ahead_ms = Number.isFinite(options.serverNow) ? options.serverNow - Date.now() : 0;
  const left_s = () => Math.ceil((endsAt_ms - Date.now() - ahead_ms) / 1000);
  const clock = make("div", {role: "timer", class: "clock", part: "clock", "aria-label": frame.labels.left});
  frame.body.prepend(clock);
  tick();

  function tick() {
    const seconds = left_s();
    if (seconds <= 0) return end();
    show(clock, seconds, frame.locale);
    const untilNext_ms = (endsAt_ms - Date.now() - ahead_ms) % 1000;
    return frame.later(tick, untilNext_ms || 1000);
  }

  function end() {
    const said = frame.text("over") || frame.labels.over;
    const hadFocus = frame.element.shadowRoot.activeElement;
    frame.lead?.remove();
    frame.body.replaceChildren(make("p", {class: "text over", part: "text"}, said));
    frame.actions.replaceChildren(frame.closeButton(frame.labels.close));
    frame.announce(said);
    if (hadFocus) frame.title.focus();
  }
}

function show(clock, seconds, locale) {
  let rest = seconds;
  const cells = [];
  for (const [unit, size_s] of PARTS) {
    const n = Math.floor(rest / size_s);
    rest -= n * size_s;
    if (unit === "day" && !n) continue;
    cells.push(cell(n, unit, locale));
  }
  clock.replaceChildren(...cells);
}

function cell(n, unit, locale) {
  const format = new Intl.NumberFormat(locale, {style: "unit", unit, unitDisplay: "long", minimumIntegerDigits: 2});
  const parts = format.formatToParts(n);
  const number = parts.filter(({type}) => type === "integer").map(({value}) => value).join("");
  const name = parts.find(({type}) => type === "unit")?.value ?? unit;
  return make("span", {class: "cell"}, make("b", {}, number), " ", make("span", {class: "unit"}, name));
}
