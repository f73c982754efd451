import { resolve } from 'node:path';
import { shellQuote } from '../../command-line.ts';
import type { ReaderProgram } from '../reader.ts';

/*
 * nginx in front of `serve --store`: TLS, compression, and answers that it keeps for some seconds (docs/decisions/nginx-store.md). Directives:
 * https://nginx.org/en/docs/http/ngx_http_proxy_module.html; they hold for nginx 1.22 and later.
 */

export const nginxReader: ReaderProgram = {
  files: (store) => new Map([['nginx.conf', proxyConf(nameOf(store))]]),
  next: (store, folder) => [
    `epr-static serve --store ${shellQuote(store)} --address 127.0.0.1:${PORT}`,
    `sudo ln -sf ${shellQuote(resolve(folder, 'nginx.conf'))} /etc/nginx/sites-enabled/epr-${nameOf(store)}.conf && sudo nginx -t && sudo nginx -s reload`,
  ],
};

/** Where `serve` listens. */
const PORT = 8080;

/** The last part of a store's address, as a part of names in a configuration. */
function nameOf(store: string): string {
  const parts = store.split('/').map((part) => part.replaceAll(/[^A-Za-z0-9]/g, '_'));
  return parts.findLast((part) => part !== '') ?? 'store';
}

function proxyConf(name: string): string {
  return `# nginx in front of \`epr-static serve --store … --address 127.0.0.1:${PORT}\`: to be included in http {}. Written by epr-static.

proxy_cache_path /var/cache/nginx/epr-${name} keys_zone=epr_${name}:10m max_size=2g inactive=1d use_temp_path=off;

# What depends on more than the URL is not kept.
map "$http_range$http_if_range$http_if_match$http_if_none_match$http_if_modified_since$http_if_unmodified_since" $epr_${name}_conditional {
    "" 0;
    default 1;
}

upstream epr_${name} {
    server 127.0.0.1:${PORT};
    keepalive 16;
}

server {
    listen 80 default_server;
    server_name _;
    # A registry takes heads of this size.
    large_client_header_buffers 4 1m;
    merge_slashes off;

    # Targets go on as the client sent them: there is no path behind the address.
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;

    gzip on;
    gzip_proxied any;
    gzip_comp_level 5;
    gzip_min_length 1024;
    gzip_vary on;
    gzip_types application/json image/svg+xml text/markdown text/yaml;

${locations(name)}}
`;
}

function locations(name: string): string {
  return `    location / {
        error_page 418 = @epr_${name}_asked;
        if ($epr_${name}_conditional) {
            return 418;
        }
        proxy_pass http://epr_${name};
        proxy_cache epr_${name};
        proxy_cache_key $request_uri;
        proxy_cache_lock on;
        proxy_cache_revalidate on;
        proxy_cache_use_stale error timeout updating;
        # As long as a reader keeps the pointer of a store, and not as long as clients may keep the answer.
        proxy_ignore_headers Cache-Control Expires;
        proxy_cache_valid 200 10s;
    }

    # Zips come as they are read.
    location ~ "[.]zip$" {
        proxy_pass http://epr_${name};
        proxy_max_temp_file_size 0;
    }

    location @epr_${name}_asked {
        proxy_pass http://epr_${name};
    }
`;
}
