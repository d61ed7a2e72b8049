# One image runs every verb of Lianhu: serve (the default), relay, clockwork, indexes, check-settings, health, sdl.
# Built from the lock file alone, wheels only: the same inputs give the same packages, and nothing is compiled.

FROM python:3.11-slim-bookworm AS build

WORKDIR /app
COPY requirements/run.txt requirements/run.txt
# A virtual environment without pip: this stage's pip fills it from outside, so none goes into the image.
RUN python -m venv --without-pip /opt/lianhu \
    && python -m pip --python /opt/lianhu/bin/python install \
        --no-cache-dir --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: --requirement requirements/run.txt

COPY LICENSE pyproject.toml ./
COPY domain domain
COPY resolvers resolvers
COPY adapters adapters
COPY schema schema
COPY server server
# The image is read-only for whoever runs in it: what Python would write at the first start is written here.
RUN python -m compileall -q --invalidation-mode unchecked-hash domain resolvers adapters schema server


FROM python:3.11-slim-bookworm

ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Lianhu" \
      org.opencontainers.image.description="Community grid service: residents' requests, routed to whoever serves the household, pushed to grid workers' phones" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"

# Nothing is installed into a running container, so the tools for it go too. The numbers are fixed: mounted secrets can be made theirs.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && groupadd --gid 10001 lianhu \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin lianhu

WORKDIR /app
COPY --from=build /opt/lianhu /opt/lianhu
COPY --from=build /app /app

ENV PATH="/opt/lianhu/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LIANHU_MODE=production \
    LIANHU_HOST=0.0.0.0 \
    LIANHU_LOG_FORMAT=json

USER 10001:10001
EXPOSE 8000

# For `serve`. The verbs relay and clockwork have no door of their own: compose.yaml asks their metrics instead.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-m", "server", "health"]

ENTRYPOINT ["python", "-m", "server"]
CMD ["serve"]
