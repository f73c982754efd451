import type { Log } from '../../hosts/fetch/site-files.ts';
import type { NodeFiles } from '../../hosts/node/node-files.ts';
import { nodeSite } from '../../hosts/node/server.ts';
import type { ChangingSite, Whole } from '../../hosts/node/server.ts';
import { BROWSE } from '../../tree/layout.ts';

/*
 * A page for people that is open while its package is written comes anew by itself. The server adds a script to it; the site on disk
 * stays as it is.
 */

/** No site has a file there. */
const ADDRESS = '/_preview/reload.js';

/** A page is another one if its ETag is. */
const SCRIPT = `(() => {
  const { page } = document.currentScript.dataset;
  const look = async () => {
    if (document.hidden) return;
    const reply = await fetch(location.href, { method: 'HEAD', cache: 'no-store' });
    if (reply.headers.get('ETag') !== page) location.reload();
  };
  setInterval(() => look().catch(() => undefined), 500); // the server may have stopped
})();
`;

/** Serves a site whose pages for people come anew in the browser when they change. */
export function reloadingSite(files: NodeFiles, log: Log): ChangingSite {
  const site = nodeSite(files, log, { amend: withReload });
  return {
    ...site,
    handle: async (request, response) => {
      if (request.url !== ADDRESS) return await site.handle(request, response);
      const headers = { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-cache' };
      response.writeHead(200, headers).end(SCRIPT);
      return SCRIPT.length;
    },
  };
}

const POLICY = 'Content-Security-Policy';

function withReload(url: string, whole: Whole): Whole {
  if (!url.startsWith(`/${BROWSE}/`)) return whole;
  const headers = new Map(
    whole.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, whole.headers[i + 1] ?? '']] : [])),
  );
  headers.set('Cache-Control', 'no-cache'); // a list that is new must not be shown by facts that are old
  const policy = headers.get(POLICY);
  let { body } = whole;
  if (policy !== undefined && headers.get('Content-Type')?.startsWith('text/html')) {
    headers.set(
      POLICY,
      `${policy.replace(/(script|connect)-src 'self'; /g, '')}; script-src 'self'; connect-src 'self'`,
    );
    const script = `<script src="${ADDRESS}" data-page='${headers.get('ETag')}'></script>`;
    body = Buffer.concat([body, Buffer.from(script)]);
    headers.set('Content-Length', String(body.length));
  }
  return { ...whole, body, headers: [...headers].flat() };
}
