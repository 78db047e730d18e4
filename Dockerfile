# The service as a user who may write only to /data. The first stage makes the virtual environment as every other machine
# does, by the Makefile; the second takes what was made and leaves the tools behind.
FROM debian:bookworm-slim AS made
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates make python3 python3-venv
WORKDIR /srv/service-audit
COPY Makefile requirements.lock ./
RUN make .venv/.installed-for-running
COPY pyproject.toml LICENSE wsgi.py ./
COPY migrations migrations
COPY checklists checklists
COPY inspector inspector
RUN make install \
    && .venv/bin/python -m compileall -q checklists inspector migrations \
    && .venv/bin/python -m pip uninstall --quiet --yes pip setuptools

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin audit \
    && install --directory --owner audit --group audit --mode 0750 /data
COPY --from=made /srv/service-audit /srv/service-audit
WORKDIR /srv/service-audit
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000 DEMO=0
USER audit
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD [".venv/bin/python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT [".venv/bin/inspector"]
CMD ["serve"]
