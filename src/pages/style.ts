/** The style of all pages. */
export const CSS = `:root {
  color-scheme: light dark;
  --text: #1b2129; --quiet: #55606e; --ground: #fff; --raised: #f5f7f9; --line: #d6dce3; --link: #0b5cad; --bar: #2f7fd1; --warn: #fff3d6;
}
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e8ed; --quiet: #a3adb9; --ground: #14181d; --raised: #1c2229; --line: #343d48; --link: #7fb8f5; --bar: #5b9fe3; --warn: #3d3115; }
}
@media (prefers-color-scheme: dark) {
  .head img, .packages img { background: #fff; border-radius: 4px; padding: 2px; }
}
* { box-sizing: border-box; }
html { font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: var(--ground); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 4rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1.5rem 0 .5rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
h4, h5, h6 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, ul, ol { margin: .5rem 0 .9rem; }
code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { background: var(--raised); padding: .8rem 1rem; border-radius: 6px; white-space: pre-wrap; }
img, svg { max-width: 100%; height: auto; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .3rem .6rem; }
.top { border-bottom: 1px solid var(--line); padding: .8rem 0; }
.top nav { display: flex; gap: 1.5rem; flex-wrap: wrap; }
.brand { font-weight: 600; color: inherit; text-decoration: none; }
.note, small, dt { color: var(--quiet); }
.lead { font-size: 1.1rem; max-width: 48rem; }
.warning { background: var(--warn); padding: .7rem 1rem; border-radius: 6px; }
form { display: flex; flex-wrap: wrap; gap: .7rem 1rem; align-items: end; background: var(--raised); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
form[hidden] { display: none; }
label { display: grid; gap: .2rem; font-size: .875rem; color: var(--quiet); }
label.box { grid-auto-flow: column; align-items: center; justify-content: start; padding: .45rem 0; }
input, select, button { font: inherit; color: var(--text); background: var(--ground); border: 1px solid var(--quiet); border-radius: 5px; padding: .35rem .55rem; min-height: 2.3rem; max-width: 100%; }
input[type=checkbox] { min-height: 0; width: 1.2rem; height: 1.2rem; }
[aria-invalid=true] { border-color: #d33; outline: 1px solid #d33; }
.packages { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.packages li { background: var(--ground); padding: .8rem 1rem; }
.packages li[hidden] { display: none; }
.packages a { display: flex; gap: .6rem; align-items: center; text-decoration: none; }
.packages a:hover b { text-decoration: underline; }
.packages img, .packages i { width: 32px; height: 32px; object-fit: contain; flex: none; }
.packages i { background: var(--raised); border-radius: 6px; }
.packages p { margin: .35rem 0; font-size: .925rem; }
.packages small { font-size: .825rem; }
.head { display: flex; gap: 1rem; align-items: center; margin-top: 1.5rem; }
.head h1, .head p { margin: 0; }
.head p { color: var(--quiet); }
.head img { width: 48px; height: 48px; object-fit: contain; flex: none; }
.tabs ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: 1rem 0 1.2rem; border-bottom: 1px solid var(--line); }
.tabs a { display: block; padding: .4rem 0; text-decoration: none; }
.tabs [aria-current] { color: inherit; font-weight: 600; border-bottom: 2px solid var(--bar); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: .6rem 1.5rem; margin: 1rem 0; }
.facts dt { font-size: .825rem; }
.facts dd { margin: 0; }
.screenshots { display: flex; gap: 1rem; overflow-x: auto; padding: .5rem 0; }
.screenshots img { max-height: 14rem; max-width: 20rem; height: auto; width: auto; object-fit: contain; border: 1px solid var(--line); border-radius: 6px; }
.wide { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .9rem; min-width: 30rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: normal; font-weight: inherit; }
td:last-child { overflow-wrap: anywhere; }
thead th { color: var(--quiet); font-size: .825rem; }
tbody th, time { white-space: nowrap; }
@media (max-width: 40rem) {
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
}
.reach, .sizes { display: block; max-width: none; font: 12px system-ui, sans-serif; }
.reach text { fill: var(--text); }
.reach .bar { fill: var(--bar); }
.reach .rule { stroke: var(--line); }
.sizes { max-width: 100%; }
.sizes rect { fill: var(--raised); stroke: var(--ground); stroke-width: 2; }
.sizes a:hover rect, .sizes a:focus-visible rect { fill: var(--line); }
.sizes text { fill: var(--text); }
.paging { display: flex; gap: .8rem; align-items: baseline; }
.paging ol { display: flex; flex-wrap: wrap; gap: .7rem; list-style: none; padding: 0; margin: .5rem 0; }
@media print {
  .top, form, .tabs, .skip, .paging { display: none; }
  body { max-width: none; padding: 0; }
  .packages { display: block; border: 0; }
  .packages li, tr { break-inside: avoid; }
  .wide { overflow: visible; }
}
`;
