# Zapwerk on SQLite. Everything is pinned with hashes; the image holds no compiler and no build tools.
FROM python:3.11-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/zapwerk && python -m venv /opt/build
COPY requirements.txt requirements-build.txt ./
RUN /opt/zapwerk/bin/pip install --require-hashes -r requirements.txt \
 && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml README.md LICENSE ./
COPY zapwerk zapwerk
COPY engine engine
COPY connectors connectors
COPY web web
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/zapwerk/bin/pip install --no-deps /wheels/*.whl \
 && /opt/zapwerk/bin/python -m compileall -q /opt/zapwerk/lib

FROM python:3.11-slim

RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin zapwerk \
 && install -d -o zapwerk -g zapwerk -m 0700 /data
COPY --from=build /opt/zapwerk /opt/zapwerk

ENV PATH=/opt/zapwerk/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ZAPWERK_DATA=/data \
    ZAPWERK_HOST=0.0.0.0 \
    ZAPWERK_PORT=8000

USER zapwerk
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['ZAPWERK_PORT'] + '/readyz', timeout=4)"]
# Who may reach the port is decided outside of the container: docker-compose.yml publishes it on 127.0.0.1 only.
CMD ["zapwerk", "serve", "--allow-public"]
