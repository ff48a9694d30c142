"""The look of a report: light and dark by the reader's setting, one column on a phone, no colours alone on paper."""

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --muted: #5c6570; --rule: #d9dee4; --panel: #f5f7f9;
  --link: #0b5cad; --good: #1a7f37; --warning: #8a5a00; --bad: #b42318; --plain: #5c6570;
  --c0: #2468b4; --c1: #c8591a; --c2: #138a63; --c3: #a8508c; --c4: #2f9bc4; --c5: #a98a00; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e6e9ec; --muted: #9aa4af;
  --rule: #343b43; --panel: #1d2126; --link: #79b8ff; --good: #5cc47a; --warning: #e0b04a; --bad: #ff8a80;
  --plain: #9aa4af; --c0: #6aa7e8; --c1: #f0935a; --c2: #4cc79b; --c3: #d990c4; --c4: #74c9ea; --c5: #d8bd4a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .25rem; }
header p, .verdict { margin: .25rem 0 0; color: var(--muted); }
.verdict { color: var(--ink); max-width: 46rem; }
a { color: var(--link); }
nav ol { list-style: none; margin: 1.25rem 0 0; padding: 0; border-top: 1px solid var(--rule); }
nav li { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 .75rem; padding: .5rem 0;
  border-bottom: 1px solid var(--rule); }
nav li > div { min-width: 0; }
nav a { font-weight: 600; }
section { margin-top: 2.5rem; }
.tone { display: inline-block; align-self: start; font-size: .8rem; font-weight: 600; white-space: nowrap;
  padding: .05rem .5rem; border: 1px solid currentColor; border-radius: 1rem; justify-self: start; }
.good { color: var(--good); } .warning { color: var(--warning); } .bad { color: var(--bad); }
.plain { color: var(--plain); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.25rem;
  align-items: start; margin-top: 1rem; }
figure { margin: 0; min-width: 0; padding: .9rem; background: var(--panel); border-radius: .5rem; }
figure.wide { grid-column: 1 / -1; }
figcaption { font-weight: 600; margin-bottom: .6rem; }
svg { display: block; width: 100%; max-width: 34rem; height: auto; overflow: visible;
  font-size: 13px; }
svg text { fill: var(--ink); } svg text.muted { fill: var(--muted); } svg text.value { font-size: 12px; }
.grid, .axis, .diagonal { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--muted); }
.diagonal { stroke: var(--muted); stroke-dasharray: 4 4; }
.l { fill: none; stroke-width: 2; stroke-linejoin: round; }
.s0 { fill: var(--c0); } .s1 { fill: var(--c1); } .s2 { fill: var(--c2); } .s3 { fill: var(--c3); }
.s4 { fill: var(--c4); } .s5 { fill: var(--c5); }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); stroke-dasharray: 7 3; }
.l2 { stroke: var(--c2); stroke-dasharray: 2 3; } .l3 { stroke: var(--c3); stroke-dasharray: 9 3 2 3; }
.l4 { stroke: var(--c4); stroke-dasharray: 12 4; } .l5 { stroke: var(--c5); stroke-dasharray: 4 2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .9rem .3rem 0; min-width: 3.5rem;
  border-bottom: 1px solid var(--rule); }
th { font-weight: 600; } tbody th { font-weight: 400; }
th.number, td.number { text-align: right; } .number + :not(.number) { padding-left: .9rem; }
td:last-child, th:last-child { padding-right: 0; }
details { margin-top: .6rem; font-size: .9rem; } summary { cursor: pointer; color: var(--muted); }
.none { color: var(--muted); margin: 0; }
@media (max-width: 30rem) { nav li { grid-template-columns: 1fr; gap: .2rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; background: #fff; } details { display: none; }
  figure, nav li { break-inside: avoid; } h2 { break-after: avoid; } .scroll { overflow: visible; }
  figure { border: 1px solid #ccc; } .figures { grid-template-columns: 1fr 1fr; } a { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
