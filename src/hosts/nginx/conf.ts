import type { Places } from './places.ts';
import { plainRules } from './rules.ts';

/*
 * The text of nginx's configuration files. nginx serves plain requests for files by rules; the registry's code answers
 * everything else, and would give the same answers (docs/decisions/nginx.md). Directives:
 * https://nginx.org/en/docs/http/ngx_http_core_module.html and ngx_http_js_module.html; they hold for nginx 1.22 with
 * njs 0.7.9 (Debian 12) and later.
 */

/** `nginx.conf`: the server block, for `http {}`. */
export function serverConf({ name, host }: Places): string {
  return `# The registry "${name}" in nginx: one server block, to be included in http {}. Written by epr-static, anew with every
# build, so keep your own changes elsewhere: a server block of yours needs no more than the include below.
#
#   sudo apt-get install --no-install-recommends nginx libnginx-mod-http-js
#   sudo ln -s ${host}/nginx.conf /etc/nginx/sites-enabled/epr-${name}.conf
#   sudo nginx -t && sudo nginx -s reload
#
# Reload after every build: nginx keeps the index in memory. Until then it reads the new one for each search, which is
# right, but slower, and new cache times wait. Where \`nginx -t\` fails and doesn't say why, columns.json or epr.js is missing or broken; nginx that
# runs goes on with what it has. The workers (www-data on Debian) must be able to read the site and this folder.
# The paths in these files are absolute. To move site and folder elsewhere together:
#
#   sed -i 's#OLD#NEW#' *.conf
#
# A look without root: nginx -p "$(mktemp -d)" -c ${host}/standalone.conf
# With TLS: tls.conf. Below a path of a server that you have: sub-path.conf.

include "${host}/maps.conf";

server {
    # The default server, so that even a path that nginx refuses gets the registry's answer.
    listen 8080 default_server;
    server_name _;

    include "${host}/registry.conf";
}
`;
}

/** `registry.conf`: a whole registry, for a separate server. */
export function registryConf(places: Places): string {
  return `# The registry "${places.name}", at the root of the server block that includes this. Written by epr-static.

# Paths are cleaned as the registry does it, not as nginx does.
merge_slashes off;

# What nginx refuses by itself, such as a path that climbs above the root, is answered by the registry's rules.
error_page 400 405 = /.epr-static/refused;

location = /.epr-static/refused {
    internal;
    error_page 404 = /.epr-static/gone;
${handler(places, '', 'refused')}}

${locations(places, '')}`;
}

/** `sub-path.conf`: an example for a registry below a path of another server. */
export function subPathConf(places: Places): string {
  return `# The registry "${places.name}" below /epr/ of a server that does other things too: copy this, put your path in the place of
# /epr, and include it in your server block; and include "${places.host}/maps.conf" in http {}.
# Kibana's setting is then
#   xpack.fleet.registryUrl: https://www.example.org/epr
# Several registries can live in one server, each with a path of its own. Written by epr-static.

${locations(places, '/epr')}`;
}

/** `tls.conf`: an example of a server with TLS. */
export function tlsConf({ name, host }: Places): string {
  return `# The registry "${name}" with TLS: copy this, name your host and certificate, and include it in http {}. Written by epr-static.

include "${host}/maps.conf";

server {
    listen 443 ssl http2;
    server_name packages.example.org;
    ssl_certificate /etc/ssl/certs/packages.example.org.pem;
    ssl_certificate_key /etc/ssl/private/packages.example.org.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:epr:1m;

    include "${host}/registry.conf";
}

server {
    listen 80;
    server_name packages.example.org;
    return 301 https://$host$request_uri;
}
`;
}

/** `standalone.conf`: a whole configuration, for a look. */
export function standaloneConf({ name, host }: Places): string {
  return `# A whole configuration for a look at the registry "${name}", in the foreground, on port 8080. It needs no root:
#   nginx -p "$(mktemp -d)" -c ${host}/standalone.conf
# Written by epr-static.

load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
daemon off;
pid nginx.pid;
error_log stderr;
events {}

http {
    access_log off;
    sendfile on;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include "${host}/nginx.conf";
}
`;
}

function locations(places: Places, prefix: string): string {
  const { name, site } = places;
  return `location ^~ ${prefix}/ {
    # 418 is no answer: it hands a request on, as it is, to the registry's code.
    error_page 301 403 404 405 418 500 = @epr_${name};
    recursive_error_pages on;
    return 418;

    root "${site}";
${FILES}    max_ranges 0;

${plainRules(places, prefix)}}

location @epr_${name} {
${handler(places, prefix, 'registry')}
    # Compresses what is composed for a request. Everything else is compressed already.
    gzip on;
    gzip_types application/json;
    gzip_min_length 1024;
    gzip_comp_level 4;
    gzip_proxied any;
    gzip_http_version 1.1;
    gzip_vary off;
}

# The files that the registry's code names as answers, with their headers; nginx sends the bytes.
location = ${prefix}/.epr-static/whole {
${namedFile(prefix)}    max_ranges 0;
}
location = ${prefix}/.epr-static/part {
${namedFile(prefix)}    max_ranges 1;
}
location = ${prefix}/.epr-static/gone {
    internal;
    error_page 404 = ${prefix}/.epr-static/gone;
${handler(places, prefix, 'gone')}}
location = ${prefix}/.epr-static/unreadable {
    internal;
    error_page 404 = ${prefix}/.epr-static/gone;
${handler(places, prefix, 'unreadable')}}
`;
}

function handler({ site, host, index }: Places, prefix: string, name: string): string {
  return `    js_import epr from "${host}/epr.js";
    js_preload_object epr_columns from "${host}/columns.json";
    js_var $epr_path;
    set $epr_columns_file "${index.columns}";
    set $epr_rows_file "${index.rows}";
    set $epr_site "${site}";
    set $epr_prefix "${prefix}";
    js_content epr.${name};
    types {}
    default_type '';
    absolute_redirect off;
`;
}

function namedFile(prefix: string): string {
  return `    internal;
    alias $epr_path;
    add_header Last-Modified '';
    error_page 404 = ${prefix}/.epr-static/gone;
    error_page 403 500 = ${prefix}/.epr-static/unreadable;
${FILES}`;
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
