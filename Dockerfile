# An image that holds Python, the locked dependencies and otelagent, and runs it as uid 10001 on a read-only root.
#
#   docker buildx build --platform linux/amd64,linux/arm64 \
#     --build-arg PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:DIGEST \
#     --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" -t otelagent/otelagent:0.1.0 .
#
# Pin PYTHON_IMAGE by digest for a release; every dependency is pinned by hash already. `make image-check` runs the same
# steps without a container engine.
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /tmp/build && /tmp/build/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements-build.lock
RUN python3 -m venv /opt/otelagent && /opt/otelagent/bin/pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY otelagent ./otelagent
RUN /tmp/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /tmp/wheel .
RUN /opt/otelagent/bin/pip install --quiet --no-deps /tmp/wheel/*.whl && /opt/otelagent/bin/pip uninstall --quiet --yes pip
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/otelagent/lib && mkdir -p /tmp/state

FROM ${PYTHON_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="otelagent" \
      org.opencontainers.image.description="OpenTelemetry sidecar that sees when AI agents fail silently" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/otelagent/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/var/lib/otelagent
COPY --from=build /opt/otelagent /opt/otelagent
COPY --from=build --chown=10001:10001 /tmp/state /var/lib/otelagent
USER 10001:10001
WORKDIR /var/lib/otelagent
# OTLP/gRPC, OTLP/HTTP, metrics, health
EXPOSE 4317 4318 8888 13133
ENTRYPOINT ["otelagent", "run"]
