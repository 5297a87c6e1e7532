// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace flexor {

/// Style sheet of the report: one column for a phone, light and dark by the reader's own setting.
inline constexpr std::string_view kReportStyle = R"(:root {
  --page: #fbfbfa; --panel: #ffffff; --ink: #1c1d1f; --soft: #5c6066; --line: #e1e2e4; --track: #eceded;
  --compute: #2a6fc9; --weight: #d9662b; --drain: #12a08a; --transfer: #8a5cc9; --other: #9a9fa6; --good: #0b7a3b; --bad: #c02727;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16171a; --panel: #1e2024; --ink: #e9eaec; --soft: #a2a7ae; --line: #34373d; --track: #2b2e33;
    --compute: #5a9bee; --weight: #ef8a55; --drain: #34c2ab; --transfer: #b08cf0; --other: #7b8089; --good: #4cc47f; --bad: #ff7d74;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem 1rem 3rem; max-width: 58rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
h4 { font-size: .9rem; margin: 1rem 0 .35rem; color: var(--soft); font-weight: 600; }
h2 + h3 { margin-top: .5rem; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 1rem 0; }
.verdict { font-weight: 600; font-size: 1.1rem; margin: 0 0 .75rem; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .8rem; }
.card b { display: block; font-size: 1.45rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card span { color: var(--soft); font-size: .82rem; line-height: 1.3; display: block; margin-top: .2rem; }
.row { display: grid; grid-template-columns: 1fr auto; column-gap: .75rem; margin: .35rem 0; font-size: .9rem; }
.row .bar { grid-column: 1 / -1; }
.name { overflow-wrap: anywhere; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
.bar { display: flex; height: .75rem; background: var(--track); border-radius: .2rem; overflow: hidden; }
.compute { background: var(--compute); }
.weight { background: var(--weight); }
.drain { background: var(--drain); }
.transfer { background: var(--transfer); }
.other { background: var(--other); }
.legend { margin: 0 0 .4rem; font-size: .82rem; color: var(--soft); }
.legend span { display: inline-flex; align-items: center; margin-right: .9rem; }
.legend i { width: .75rem; height: .75rem; border-radius: .15rem; margin-right: .35rem; }
.scroll { overflow-x: auto; margin: .5rem 0; /* a shadow at the edge that hides columns */
  background: linear-gradient(to left, var(--panel) 1.5rem, transparent) right / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--other), transparent) right / 1.2rem 100% no-repeat scroll; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: normal; line-height: 1.25; }
.total td { font-weight: 600; border-bottom: 0; }
th:first-child, td:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--panel); }
.text th, .text td { text-align: left; white-space: normal; overflow-wrap: anywhere; vertical-align: top; }
.text td:first-child { white-space: nowrap; }
.command { margin: .75rem 0 0; font-size: .8rem; color: var(--soft); }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (min-width: 44rem) {
  .row { grid-template-columns: 11rem 1fr 6rem; align-items: center; }
  .row .name { grid-column: 1; }
  .row .bar { grid-column: 2; grid-row: 1; }
  .row .figure { grid-column: 3; }
}
@media print { section { break-inside: avoid; } }
)";

}  // namespace flexor
