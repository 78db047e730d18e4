# The service in one process, as a user who may write only to /data. For production set DATABASE_URL, SECRET_KEY and BASE_URL.
FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --create-home audit \
    && install --directory --owner audit --group audit /data

WORKDIR /srv/service-audit
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --requirement requirements.lock

COPY pyproject.toml LICENSE ./
COPY migrations migrations
COPY checklists checklists
COPY inspector inspector
RUN python -m babel.messages.frontend compile --directory inspector/translations \
    && python -m compileall -q checklists inspector migrations

ENV PYTHONPATH=/srv/service-audit PYTHONUNBUFFERED=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000 DEMO=0
USER audit
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
ENTRYPOINT ["python", "-c", "import sys; from inspector.command_line import main; sys.exit(main())"]
CMD ["serve"]
