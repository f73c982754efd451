# nginx with njs over a site that was built with `--target nginx --root /srv/epr --port 8080`. The context is the folder of sites:
#   docker build -f deploy/nginx.Dockerfile --build-arg DIST=production dist
FROM debian:bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends nginx libnginx-mod-http-js curl \
  && rm -rf /var/lib/apt/lists/* /etc/nginx/sites-enabled/default \
  && sed -i -e '/^user /d' -e 's#^pid .*#pid /tmp/nginx.pid;#' /etc/nginx/nginx.conf \
  && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log \
  && rm -rf /var/lib/nginx && ln -s /tmp /var/lib/nginx
ARG DIST=production
COPY ${DIST} /srv/epr/${DIST}
COPY ${DIST}.nginx /srv/epr/${DIST}.nginx
RUN ln -s /srv/epr/${DIST}.nginx/nginx.conf /etc/nginx/sites-enabled/epr.conf
USER 33:33
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=30s --timeout=5s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/health"]
CMD ["nginx", "-g", "daemon off;"]
