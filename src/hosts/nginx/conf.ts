import { shellQuote } from '../../command-line.ts';
import { variableOf } from './blocks.ts';
import { includePath, parameter } from './places.ts';
import type { Places } from './places.ts';
import { plainRules } from './rules.ts';

/*
 * The text of nginx's configuration files. nginx serves plain requests for files by rules; the registry's code answers
 * everything else, and would give the same answers (docs/decisions/nginx.md). Only `maps.conf` says what one build of a site needs,
 * so that a copy of any other file stays right. Directives:
 * https://nginx.org/en/docs/http/ngx_http_core_module.html and ngx_http_js_module.html; they hold for nginx 1.22 with
 * njs 0.7.9 (Debian 12) and later.
 */

/** `nginx.conf`: the server block, for `http {}`. */
export function serverConf(places: Places): string {
  const { name, host } = places;
  return `# The registry "${name}" in nginx: one server block, to be included in http {}. Written by epr-static, anew with every
# build, so keep your own changes elsewhere: a server block of yours needs no more than the includes below.
#
#   sudo apt-get install --no-install-recommends nginx libnginx-mod-http-js
#   sudo ln -s ${shellQuote(`${host}/nginx.conf`)} /etc/nginx/sites-enabled/epr-${name}.conf
#   sudo nginx -t && sudo nginx -s reload
#
# Reload after every build: nginx keeps the index in memory. Until then it reads the new one for each search, which is
# right, but slower, and new cache times wait. Where \`nginx -t\` fails and doesn't say why, columns.json or epr.js is missing or broken; nginx that
# runs goes on with what it has. The workers (www-data on Debian) must be able to read the site and this folder.
# The paths in this file are absolute; \`build --root\` sets them. With TLS: tls.conf. Below a path of a server that you have: sub-path.conf.

include ${includePath(`${host}/maps.conf`)};

${server(places, `    include ${includePath(`${host}/registry.conf`)};\n`)}`;
}

/** `registry.conf`: a whole registry, for a separate server. */
export function registryConf(places: Places): string {
  return `# The registry "${places.name}", for a server block of its own. Written by epr-static.

${registry(ownFiles(places), places)}`;
}

/** `sub-path.conf`: a registry below a path of another server. */
export function subPathConf(places: Places): string {
  const prefix = places.prefix || '/epr';
  return `# The registry "${places.name}" below ${prefix}/ of a server that does other things too: include this in your server block, and
#   include ${includePath(`${places.host}/maps.conf`)};
# in http {}. \`build --prefix\` sets the path. Kibana's setting is then
#   xpack.fleet.registryUrl: https://www.example.org${prefix}
# Several registries can live in one server, each with a path of its own. The limits of nginx on requests are those of your server; the
# registry's are
#   large_client_header_buffers ${HEADER_BUFFERS};
# Written by epr-static.

${locations(ownFiles(places), { ...places, prefix })}`;
}

/** `tls.conf`: an example of a server with TLS. */
export function tlsConf({ name, host }: Places): string {
  return `# The registry "${name}" with TLS: copy this, name your host and certificate, and include it in http {}. Written by epr-static.

include ${includePath(`${host}/maps.conf`)};

server {
    listen 443 ssl http2;
    server_name packages.example.org;
    ssl_certificate /etc/ssl/certs/packages.example.org.pem;
    ssl_certificate_key /etc/ssl/private/packages.example.org.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:epr:1m;

    include ${includePath(`${host}/registry.conf`)};
}

server {
    listen 80;
    server_name packages.example.org;
    return 301 https://$host$request_uri;
}
`;
}

/** `standalone.conf`: a whole configuration, for a look. Its paths are relative. */
export function standaloneConf(places: Places): string {
  const own = `${places.name}.nginx`;
  return `# A whole configuration for a look at the registry "${places.name}", in the foreground. It needs no root, and works wherever the site
# and this folder lie side by side. In the folder that holds both:
#   nginx -p "$PWD" -c ${own}/standalone.conf
# Written by epr-static.

load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
daemon off;
pid ${own}.pid;
error_log stderr;
events {}

http {
    access_log off;
    sendfile on;
    variables_hash_bucket_size 128;
    client_body_temp_path ${own}/.temp;
    proxy_temp_path ${own}/.temp;
    fastcgi_temp_path ${own}/.temp;
    uwsgi_temp_path ${own}/.temp;
    scgi_temp_path ${own}/.temp;
    include maps.conf;

${indented(server(places, indented(registry({ site: places.name, code: 'epr.js', columns: 'columns.json' }, places))))}}
`;
}

/** The server block around a registry. */
function server({ port, prefix }: Places, content: string): string {
  const rest = prefix === '' ? '' : '\n    location / {\n        return 404;\n    }\n';
  return `server {
    # The default server, so that even a path that nginx refuses gets the registry's answer.
    listen ${port} default_server;
    server_name _;

${content}${rest}}
`;
}

/** The files that the locations name. */
interface Files {
  /** The site's tree; nginx takes a relative path from its prefix (`-p`). */
  readonly site: string;
  /** The code, and the columns that it preloads; nginx takes a relative path from the folder of its main configuration. */
  readonly code: string;
  readonly columns: string;
}

function ownFiles({ site, host }: Places): Files {
  return { site, code: `${host}/epr.js`, columns: `${host}/columns.json` };
}

/** A request may have about 1 MB of headers and target, as a registry takes it; nginx takes this memory only for what is sent. */
const HEADER_BUFFERS = '4 1m';

function registry(files: Files, places: Places): string {
  return `large_client_header_buffers ${HEADER_BUFFERS};

# Paths are cleaned as the registry does it, not as nginx does.
merge_slashes off;

# What nginx refuses by itself, such as a path that climbs above the root, is answered by the registry's rules.
error_page 400 405 = /.epr-static/refused;

location = /.epr-static/refused {
    internal;
    error_page 404 = /.epr-static/gone;
${handler(files, places, 'refused')}}

${locations(files, places)}`;
}

function locations(files: Files, places: Places): string {
  const { name, prefix } = places;
  return `location ^~ ${prefix}/ {
    # 418 is no answer: it hands a request on, as it is, to the registry's code.
    error_page 301 403 404 405 418 500 = @epr_${name};
    recursive_error_pages on;
    return 418;

    root ${parameter(files.site)};
${FILES}    max_ranges 0;

${plainRules(name, prefix)}}

location @epr_${name} {
${handler(files, places, 'registry')}
    # nginx would judge If-Match and If-Unmodified-Since by itself wherever it sends a 200. So it sends a 299, and the code makes it the
    # right status at the end.
    error_page 460 =299 @epr_conditional_${name};

${COMPRESSED}}

location @epr_conditional_${name} {
    set $epr_conditional 1;
    js_var $epr_status;
    js_header_filter epr.status;
${handler(files, places, 'registry')}
${COMPRESSED}}

# The files that the registry's code names as answers, with their headers; nginx sends the bytes.
${NAMED.map((kind) => namedFile(files, prefix, kind)).join('')}location = ${prefix}/.epr-static/gone {
    internal;
    error_page 404 = ${prefix}/.epr-static/gone;
${handler(files, places, 'gone')}}
location = ${prefix}/.epr-static/unreadable {
    internal;
    error_page 404 = ${prefix}/.epr-static/gone;
${handler(files, places, 'unreadable')}}
`;
}

function handler(files: Files, { name, prefix }: Places, entry: string): string {
  return `    js_import epr from ${parameter(files.code)};
    js_preload_object epr_columns from ${parameter(files.columns)};
    js_var $epr_path;
    root ${parameter(files.site)};
    set $epr_site $document_root;
    set $epr_prefix "${prefix}";
    set $epr_columns_file ${variableOf(name, 'columns_file')};
    set $epr_rows_file ${variableOf(name, 'rows_file')};
    js_content epr.${entry};
    types {}
    default_type '';
    absolute_redirect off;
`;
}

/** Compresses what is composed for a request. Everything else is compressed already. */
const COMPRESSED = `    gzip on;
    gzip_types application/json;
    gzip_min_length 1024;
    gzip_comp_level 4;
    gzip_proxied any;
    gzip_http_version 1.1;
    gzip_vary off;
`;

/** Of a whole file, and of one range of it; each also for a request with conditions that nginx must not judge. */
const NAMED = ['whole', 'part', 'conditional-whole', 'conditional-part'] as const;

function namedFile({ site, code }: Files, prefix: string, kind: (typeof NAMED)[number]): string {
  const isConditional = kind.startsWith('conditional-');
  const status = `    js_import epr from ${parameter(code)};\n    js_header_filter epr.status;\n`;
  return `location = ${prefix}/.epr-static/${kind} {
    internal;
    root ${parameter(site)};
    rewrite ^ /$epr_path break;
    add_header Last-Modified '';
    error_page 404 = ${prefix}/.epr-static/gone;
    error_page 403 500 = ${prefix}/.epr-static/unreadable;
${FILES}    max_ranges ${kind.endsWith('part') ? 1 : 0};
${isConditional ? status : ''}}
`;
}

/** Tags are nginx's own, of time and size, here and in the registry's code. */
const FILES = `    types {}
    default_type '';
    charset off;
    etag on;
    gzip off;
    if_modified_since off;
    log_not_found off;
    sendfile on;
`;

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}
