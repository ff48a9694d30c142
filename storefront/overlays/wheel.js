/** A wheel whose outcome the server decided before it turns; turning it only shows that. */

import {draw, make, safeUrl, textOf} from "./elements.js";

const RADIUS = 98;
const LINE = 14; // characters of a label's line that fit between rim and hub
const TURNS = 5;
const SPIN_MS = 4200;

/** Not shown without sectors or if the outcome is none of them. */
export function render_wheel(frame) {
  const sectors = (Array.isArray(frame.content.sectors) ? frame.content.sectors : []).filter((one) => one?.id != null);
  const at = sectors.findIndex((one) => one.id === frame.answer.live?.outcome);
  if (sectors.length < 2 || at < 0) return false;
  const {labels} = frame;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const names = sectors.map((one) => textOf(one.label)).join(", ");
  const disc = draw("svg", {viewBox: "-100 -100 200 200", class: "disc", role: "img", "aria-label": `${labels.wheel} ${names}`});
  disc.append(...sectors.map((one, index) => sector(one, index, sectors.length)), draw("circle", {r: 9, class: "hub"}));
  const pointer = draw("svg", {viewBox: "0 0 24 24", class: "pointer", "aria-hidden": "true"}, draw("path", {d: "M3 2h18l-9 20z"}));
  const spin = make("button", {type: "button", class: "button", part: "button", onclick: turn}, frame.text("spin") || labels.spin);
  frame.panel.querySelector(".scroll").prepend(make("div", {class: "wheel-place"}, pointer, disc));
  frame.actions.append(spin, frame.closeButton(labels.not_now));
  return true;

  function turn() {
    if (spin.getAttribute("aria-disabled") === "true") return;
    spin.setAttribute("aria-disabled", "true");
    frame.engage();
    const middle = ((at + 0.5) * 360) / sectors.length;
    if (!isCalm) {
      frame.announce(labels.spinning);
      disc.classList.add("turning");
      disc.addEventListener("transitionend", reveal, {once: true});
      frame.later(reveal, SPIN_MS + 500);
    }
    disc.style.transform = `rotate(${(isCalm ? 0 : TURNS * 360) - middle}deg)`;
    if (isCalm) reveal();
  }

  function reveal() {
    if (!frame.isOpen || frame.isTold) return;
    frame.isTold = true;
    const won = sectors[at];
    disc.querySelectorAll(".sector")[at].classList.add("won");
    const link = safeUrl(won.link);
    frame.conclude(textOf(won.title) || textOf(won.label), textOf(won.text));
    if (link) frame.actions.prepend(frame.link(link, {class: "button", part: "button"}, frame.text("button") || labels.go));
  }
}

/** Sector `index` of `n`, clockwise from the top. */
function sector(one, index, n) {
  const turn = 360 / n;
  const [x0, y0] = rim(index * turn);
  const [x1, y1] = rim((index + 1) * turn);
  const isWide = turn > 180 ? 1 : 0;
  const isLastOfOdd = n % 2 === 1 && index === n - 1;
  return draw(
    "g",
    {class: `sector shade-${isLastOfOdd ? 2 : index % 2}`},
    draw("path", {d: `M0 0L${x0} ${y0}A${RADIUS} ${RADIUS} 0 ${isWide} 1 ${x1} ${y1}Z`}),
    label(linesOf(textOf(one.label)), (index + 0.5) * turn),
  );
}

function rim(degrees) {
  const angle = (degrees * Math.PI) / 180;
  return [Math.sin(angle) * RADIUS, -Math.cos(angle) * RADIUS].map((value) => value.toFixed(3));
}

function label(lines, degrees) {
  const first = lines.length > 1 ? -2.2 : 3.2;
  const isLeft = degrees > 180; // turned round, so that nobody has to read upside down
  const spans = lines.map((line, index) => draw("tspan", {x: isLeft ? -86 : 86, y: first + index * 10.4}, line));
  const transform = `rotate(${isLeft ? degrees + 90 : degrees - 90})`;
  return draw("text", {transform, "text-anchor": isLeft ? "start" : "end"}, ...spans);
}

/** At most two lines, cut where they are too long: the whole text is in the wheel's name and in the result. */
function linesOf(text) {
  const lines = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= LINE || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const kept = lines.slice(0, 2);
  if (lines.length > 2) kept[1] += "…";
  return kept.map((line) => (line.length > LINE ? `${line.slice(0, LINE - 1)}…` : line));
}
