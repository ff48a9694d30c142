/** Looks of overlays: a constructed sheet, which is allowed where a policy forbids inline styles.

A shop sets custom properties, most of them as in vitrine.css: --vitrine-surface, -ink, -quiet, -accent, -on-accent,
-radius, -font; and for overlays alone -rule (lines), -edge (of fields), -soft (beneath pictures), -wrong, -bottom (room
that its own bar takes at the bottom), -z. Single parts can be styled by `vitrine-overlay::part(button)`.
*/

/* They are on the panel, not on the host, so that a shop's own properties for every element (`*`) do not reach them.
Dark only where the page says that it can be dark (`color-scheme`): a light shop gets no black card. */
const COLOURS = `
.panel {
  --ground: var(--vitrine-surface, #fff);
  --ink: var(--vitrine-ink, #1a2023);
  --pale: var(--vitrine-quiet, #566066);
  --line: var(--vitrine-rule, #d5dbda);
  --edge: var(--vitrine-edge, #7b8686);
  --soft: var(--vitrine-soft, #f1f4f3);
  --accent: var(--vitrine-accent, #0b5d3b);
  --on-accent: var(--vitrine-on-accent, #fff);
  --wrong: var(--vitrine-wrong, #b3261e);
  --veil: rgb(14 20 22 / 0.44);
  --rim: transparent;
  --shade: 0 1px 2px rgb(14 20 22 / 0.08), 0 16px 48px rgb(14 20 22 / 0.2);
}
@supports (color: light-dark(red, red)) {
  .panel {
    --ground: var(--vitrine-surface, light-dark(#fff, #1b2022));
    --ink: var(--vitrine-ink, light-dark(#1a2023, #eef2f1));
    --pale: var(--vitrine-quiet, light-dark(#566066, #a9b5b5));
    --line: var(--vitrine-rule, light-dark(#d5dbda, #3a4345));
    --edge: var(--vitrine-edge, light-dark(#7b8686, #7f8c8c));
    --soft: var(--vitrine-soft, light-dark(#f1f4f3, #262c2e));
    --accent: var(--vitrine-accent, light-dark(#0b5d3b, #8fdcb8));
    --on-accent: var(--vitrine-on-accent, light-dark(#fff, #05261a));
    --wrong: var(--vitrine-wrong, light-dark(#b3261e, #ffb4ab));
    --veil: light-dark(rgb(14 20 22 / 0.44), rgb(0 0 0 / 0.5));
    --rim: light-dark(transparent, #353d3f);
  }
}`;

const FRAME = `
:host {
  all: initial;
  position: fixed;
  inset: auto 0 0 auto;
  z-index: var(--vitrine-z, 2147483000);
  color-scheme: inherit;
  font: 400 medium/1.5 system-ui, sans-serif;
  font-family: var(--vitrine-font, inherit);
}
*, *::before, *::after { box-sizing: border-box; }
h2, h3, p, ul { margin: 0; padding: 0; }
ul { list-style: none; }
[hidden] { display: none !important; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap;
}
.panel {
  --round: var(--vitrine-radius, 16px);
  --small-round: calc(var(--round) * 0.625);
  flex-direction: column; padding: 0; border: 1px solid var(--rim); overflow: hidden;
  color: var(--ink); background: var(--ground); border-radius: var(--round); box-shadow: var(--shade);
}
.sheet {
  position: fixed; inset: 0; margin: auto; width: min(30em, calc(100vw - 2em));
  height: fit-content; max-width: none; max-height: min(52em, calc(100dvh - 3em));
}
.sheet[open], .corner { display: flex; }
.sheet::backdrop { background: var(--veil); }
.corner {
  position: fixed; inset-block-end: calc(1.25em + var(--vitrine-bottom, 0px)); inset-inline-end: 1.25em;
  width: min(24em, calc(100vw - 1.5em)); max-height: calc(100dvh - 2.5em); border-color: var(--line);
}
.scroll { display: flex; flex-direction: column; overflow: auto; overscroll-behavior: contain; }
.banner { width: 100%; max-height: 13em; object-fit: cover; background: var(--soft); }
.said { padding: 1.75em; }
.close {
  position: absolute; inset-block-start: 0.5em; inset-inline-end: 0.5em; z-index: 1; display: grid;
  place-items: center; width: 44px; height: 44px; padding: 0; border: 1px solid transparent; border-radius: 50%;
  color: var(--pale); background: var(--ground); font: inherit; cursor: pointer;
}
.icon { width: 20px; height: 20px; flex: none; }
.icon path {
  fill: none; stroke: currentcolor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round;
}
h2 {
  padding-inline-end: 1.4em; font-size: 1.5em; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em;
  text-wrap: balance; overflow-wrap: anywhere; outline: none;
}
.tick {
  width: 1.15em; height: 1.15em; margin-inline-end: 0.45em; padding: 0.2em; vertical-align: -0.16em;
  color: var(--on-accent); background: var(--accent); border-radius: 50%;
}
.tick path { stroke-width: 3; }
.text { margin-block-start: 0.5em; color: var(--pale); text-wrap: pretty; overflow-wrap: anywhere; }
.added { margin-block-start: 0.5em; font-weight: 600; overflow-wrap: anywhere; }
.corner .said { padding: 1.25em 1.375em 1.375em; }
.corner h2 { font-size: 1.125em; padding-block-start: 0.1em; }
.actions:empty, .body:empty { display: none; }
.actions { display: flex; flex-wrap: wrap; gap: 0.625em; margin-block-start: 1.5em; }
.corner .actions { margin-block-start: 1em; }
.button {
  display: inline-flex; align-items: center; justify-content: center; min-height: 48px; padding: 0.5em 1.375em;
  border: 1px solid transparent; border-radius: var(--small-round); color: var(--on-accent);
  background: var(--accent); font: inherit; font-weight: 600; text-decoration: none; text-align: center; cursor: pointer;
}
.corner .button { min-height: 44px; }
.button.quiet { color: var(--ink); background: transparent; border-color: var(--line); }
.button[aria-disabled="true"] { opacity: 0.6; cursor: default; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h2:focus-visible { outline: none; }
.wide:focus-visible { outline-offset: -3px; }
@media (hover: hover) {
  .button:hover { background: color-mix(in oklab, var(--accent), var(--ink) 14%); }
  .button.quiet:hover, .close:hover, .add:hover { background: var(--soft); }
  .name:hover { text-decoration: underline; text-underline-offset: 0.2em; }
}
@media (max-width: 35.99em) {
  .sheet {
    inset: auto 0 0; margin: 0; width: 100%; max-height: calc(100dvh - 2.5em);
    border-end-start-radius: 0; border-end-end-radius: 0; padding-block-end: env(safe-area-inset-bottom);
  }
  .said { padding: 1.5em 1.25em 1.25em; }
  .sheet > .scroll > .said > .actions .button, form .actions .button { flex: 1 1 auto; }
  .corner { inset-inline: 0.75em; width: auto; inset-block-end: calc(0.75em + var(--vitrine-bottom, 0px)); }
  h2 { font-size: 1.3125em; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise 0.24s cubic-bezier(0.2, 0.8, 0.2, 1); }
  .sheet::backdrop { animation: fade 0.24s ease-out; }
  .button, .close, .add, .choice { transition: background-color 0.15s, border-color 0.15s; }
  .disc.turning { transition: transform 4.2s cubic-bezier(0.12, 0.72, 0.08, 1); }
}
@keyframes rise { from { opacity: 0; transform: translateY(12px); } }
@keyframes fade { from { opacity: 0; } }
@media print { :host { display: none; } }`;

const GOODS = `
@media (min-width: 36em) {
  .sheet:has(.goods) { width: min(46em, calc(100vw - 2em)); }
}
.row { margin-block-start: 1.5em; }
h3 { margin-block-end: 0.75em; font-size: 1em; font-weight: 600; }
.goods { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 1.125em; }
.good { position: relative; display: flex; flex-direction: column; gap: 0.625em; min-width: 0; }
.pane { display: block; aspect-ratio: 1; overflow: hidden; border-radius: var(--small-round); background: var(--soft); }
.picture { display: block; width: 100%; height: 100%; object-fit: cover; }
.facts { display: flex; flex: 1; flex-direction: column; gap: 0.25em; min-width: 0; }
.name { color: inherit; font-size: 0.9375em; line-height: 1.35; text-decoration: none; overflow-wrap: anywhere; }
.good .name { display: -webkit-box; overflow: hidden; -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.good .name::after { content: ""; position: absolute; inset: 0; }
.good:has(.name:focus-visible) { outline: 3px solid var(--accent); outline-offset: 4px; border-radius: var(--small-round); }
.good .name:focus-visible { outline: none; }
.price { margin-block-start: auto; font-variant-numeric: tabular-nums; }
.now { font-weight: 650; }
.price s { color: var(--pale); font-size: 0.875em; }
.label { color: var(--pale); font-size: 0.8125em; font-weight: 400; }
.add {
  position: relative; display: inline-flex; align-items: center; justify-content: center; gap: 0.375em; min-height: 44px;
  padding: 0.25em 0.875em; border: 1px solid var(--line); border-radius: var(--small-round); color: inherit;
  font-size: 0.9375em; font-weight: 600; text-decoration: none;
}
.add.done { color: var(--accent); border-color: currentcolor; }
.corner .goods { grid-template-columns: 1fr; gap: 0.75em; }
.corner .good { flex-direction: row; align-items: center; gap: 0.875em; }
.corner .good .pane { flex: none; width: 56px; }
.corner .price { margin-block-start: 0; }
.corner .row { margin-block-start: 1em; }
@media (max-width: 35.99em) {
  .goods { grid-template-columns: 1fr; gap: 0.875em; }
  .good { flex-direction: row; align-items: center; gap: 0.875em; }
  .good .pane { flex: none; width: 72px; }
  .good .name { -webkit-line-clamp: 2; }
  .good .price { margin-block-start: 0; }
  .add { width: 44px; padding: 0; }
  .add .word { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .row { margin-block-start: 1.25em; }
}`;

const FORMS = `
form { margin-block-start: 1.25em; }
.choices { display: grid; gap: 0.625em; }
.choice {
  display: flex; align-items: flex-start; gap: 0.75em; min-height: 48px; padding: 0.6875em 0.875em;
  border: 1px solid var(--line); border-radius: var(--small-round); cursor: pointer; overflow-wrap: anywhere;
}
.choice:has(:checked) { border-color: var(--accent); background: var(--soft); }
.choice:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px; }
.choice input { flex: none; width: 20px; height: 20px; margin: 2px 0; accent-color: var(--accent); cursor: pointer; }
.choice input:focus-visible { outline: none; }
.choice:has([aria-invalid]) { border-color: var(--wrong); }
.lead .choice { min-height: 44px; padding: 0.625em 0; border-color: transparent; background: none; font-size: 0.9375em; }
.lead .choice:has([aria-invalid]) { color: var(--wrong); }
.field { margin-block-end: 1em; }
.field > label:not(.choice) { display: block; margin-block-end: 0.375em; font-weight: 600; font-size: 0.9375em; }
.optional { color: var(--pale); font-weight: 400; }
.field > input, .field > textarea {
  display: block; width: 100%; min-height: 48px; padding: 0.625em 0.875em; border: 1px solid var(--edge);
  border-radius: var(--small-round); color: inherit; background: var(--ground); font: inherit; resize: vertical;
}
.field > [aria-invalid] { border-color: var(--wrong); box-shadow: 0 0 0 1px var(--wrong); }
.wrong { color: var(--wrong); font-size: 0.9375em; }
.wrong:not(:empty) { margin-block-start: 0.375em; }
.choice + .wrong:not(:empty) { margin-block-start: 0; }
.lead .actions, .survey .actions { margin-block-start: 1.25em; }`;

const CLOCK = `
.clock { display: flex; gap: 0.75em; margin-block-start: 1.5em; font-variant-numeric: tabular-nums; }
.cell {
  flex: 1; padding: 0.75em 0.25em; border-radius: var(--small-round); background: var(--soft); text-align: center;
  min-width: 0;
}
.cell b { display: block; font-size: 2em; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; }
.unit { display: block; color: var(--pale); font-size: 0.8125em; overflow: hidden; text-overflow: ellipsis; }`;

const WHEEL = `
.wheel-place { position: relative; flex: none; align-self: center; width: min(20em, 76vw); margin-block-start: 1.5em; }
.disc { display: block; width: 100%; overflow: visible; }
.sector path { stroke: var(--ground); stroke-width: 1.25; }
.sector text { fill: var(--ink); font-size: 9px; font-weight: 550; direction: ltr; }
.shade-0 path { fill: color-mix(in oklab, var(--accent) 10%, var(--ground)); }
.shade-1 path { fill: color-mix(in oklab, var(--accent) 26%, var(--ground)); }
.shade-2 path { fill: var(--soft); }
.sector.won path { fill: var(--accent); }
.sector.won text { fill: var(--on-accent); font-weight: 700; }
.hub { fill: var(--ground); stroke: var(--line); }
.pointer {
  position: absolute; z-index: 1; inset-block-start: -0.875em; inset-inline: 0; margin-inline: auto; width: 26px; height: 26px;
}
.pointer path { fill: var(--ink); stroke: var(--ground); stroke-width: 2; stroke-linejoin: round; }
@media (min-width: 44em) {
  .sheet.wheel { width: min(50em, calc(100vw - 2em)); }
  .sheet.wheel .scroll { flex-direction: row; align-items: center; }
  .wheel-place { width: 22em; margin: 2em; margin-inline-end: 0; align-self: auto; }
  .sheet.wheel .said { flex: 1; }
}`;

const TABLE = `
@media (min-width: 36em) {
  .sheet.comparison { width: min(56em, calc(100vw - 2em)); }
  table { table-layout: fixed; }
  th:first-child { width: 9em; }
}
.wide { margin-block-start: 1.25em; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; text-align: start; font-size: 0.9375em; }
th, td { padding: 0.75em; vertical-align: top; text-align: start; border-block-end: 1px solid var(--line); min-width: 8.5em; }
thead th { font-weight: 400; padding-block-start: 0; }
thead .pane { margin-block-end: 0.625em; max-width: 9em; }
thead .name { display: block; font-weight: 600; text-decoration: underline; text-decoration-color: var(--line);
  text-underline-offset: 0.2em; }
th:first-child {
  position: sticky; inset-inline-start: 0; min-width: 6.5em; padding-inline-start: 0; color: var(--pale);
  background: var(--ground); font-weight: 400;
}
tbody th { white-space: nowrap; }
tbody tr:last-child > * { border: 0; }
td { font-variant-numeric: tabular-nums; }
.differs td { font-weight: 600; }
.mark { display: inline-block; width: 7px; height: 7px; margin-inline-start: 0.5em; border-radius: 50%; vertical-align: 0.12em;
  background: var(--accent); }
.best { display: block; width: fit-content; margin-block-start: 0.25em; padding: 0.0625em 0.5em; border-radius: 0.6em;
  color: var(--on-accent); background: var(--accent); font-size: 0.8125em; font-weight: 600; }
@media (max-width: 35.99em) {
  th, td { min-width: 7em; padding: 0.625em; }
  thead .pane { max-width: 5.25em; }
  .wide { margin-inline-end: -1.25em; }
}`;

let sheet = null;

/** The sheet, made once. */
export function styleSheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync([COLOURS, FRAME, GOODS, FORMS, CLOCK, WHEEL, TABLE].join(""));
  }
  return sheet;
}
