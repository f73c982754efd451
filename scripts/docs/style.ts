/** What the docs site adds to the style of the pages for people: the list of all pages, beside the text or, on a phone, below it. */
export const DOCS_CSS = `
pre { white-space: pre; overflow-x: auto; }
.jump { margin-left: auto; }
.docs { border-top: 1px solid var(--line); margin-top: 3rem; }
.docs h2 { font-size: .825rem; color: var(--quiet); margin: 1.2rem 0 .2rem; }
.docs ul { list-style: none; padding: 0; margin: 0; }
.docs a { display: block; padding: .2rem 0; text-decoration: none; }
.docs [aria-current] { color: inherit; font-weight: 600; }
main { max-width: 50rem; min-width: 0; }
@media (min-width: 60rem) {
  body { display: grid; grid-template: auto 1fr / 14rem minmax(0, 1fr); gap: 0 3rem; }
  .top { grid-column: 1 / -1; }
  main { grid-area: 2 / 2; }
  .docs { grid-area: 2 / 1; border: 0; margin: 0; position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding-bottom: 2rem; align-self: start; }
  .jump { display: none; }
}
@media print {
  .docs { display: none; }
}
`;
