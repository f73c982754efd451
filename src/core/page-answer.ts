import { asByteString } from '../tree/byte-string.ts';
import { fileEntryIn } from '../tree/file-list.ts';
import { BROWSE } from '../tree/layout.ts';
import { fileAnswer } from './file-answer.ts';
import type { Conditions } from './file-answer.ts';
import { errorAnswer } from './response.ts';
import type { Answer } from './response.ts';
import { redirectToRoute } from './route.ts';
import type { PageRoute } from './route.ts';
import type { ByteString } from '../tree/byte-string.ts';

/*
 * The pages for people (docs/browse.md), which no registry has. Edge-plain.
 */

/** The answer for a path below the folder of the pages. A folder has the page `index.html`. `site.list` is the text of the list of pages. */
export function pageAnswer(
  request: Conditions & { readonly query: ByteString | undefined },
  found: PageRoute,
  site: { readonly list: string; readonly maxAge: number },
): Answer {
  const index = asByteString(`${found.path}/index.html`);
  const path = found.hasSlash ? index : found.path;
  const entry = fileEntryIn(site.list, path);
  if (!entry)
    return !found.hasSlash && fileEntryIn(site.list, index)
      ? redirectToRoute(asByteString(`/${found.path}/`), request.query)
      : errorAnswer(404, '404 page not found', []);
  const answer = fileAnswer(request, { path, entry, maxAge: site.maxAge, hasRanges: false });
  return answer.status === 200 ? withPolicy(answer, path === LIST) : answer;
}

/** The one page with a script. */
const LIST = `${BROWSE}/index.html`;

/** Nothing that a package says may run, be framed, or ask another host, even if it got past the escaping of the pages. */
function withPolicy(answer: Answer, hasScript: boolean): Answer {
  const scripts = hasScript ? "script-src 'self'; connect-src 'self'; " : '';
  const headers = answer.headers.concat([
    ['Content-Security-Policy', `default-src 'none'; ${scripts}${POLICY}`],
    ['X-Content-Type-Options', 'nosniff'],
  ]);
  return { kind: 'answer', status: answer.status, headers, body: answer.body };
}

const POLICY = "img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
