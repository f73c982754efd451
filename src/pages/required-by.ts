import { html, render } from './html.ts';
import type { Html } from './html.ts';
import { counted, packageFolder } from './shell.ts';

/*
 * Which packages require a package. Only the whole site tells, so the page of the package is made with a gap, which is filled later.
 */

/** Stands where the packages go. No text of a package has it, since texts are escaped. */
export const REQUIRED_BY: Html = { html: '<!--required by--><!--/-->' };

/** A page in which these packages stand, instead of those that stood there before. */
export function withRequiredBy(page: string, names: readonly string[]): string {
  return page.replace(/<!--required by-->[^]*?<!--\/-->/, () => `<!--required by-->${shown(names)}<!--/-->`);
}

function shown(names: readonly string[]): string {
  if (names.length === 0) return '';
  const rest = names.length - MOST;
  const links = names
    .slice(0, MOST)
    .map((name, i) => html`${i > 0 && ', '}<a href="../${packageFolder(name)}">${name}</a>`);
  return render(
    html`<div>
      <dt>Required by</dt>
      <dd>${links}${rest > 0 && html`, and ${counted(rest, 'other')}`}</dd>
    </div>`,
  );
}

const MOST = 100;
