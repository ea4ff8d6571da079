# syntax=docker/dockerfile:1
# The exporter without a shell, as user 65532, on a root file system that may be read-only:
#   docker buildx build --platform linux/amd64,linux/arm64 --build-arg BUILD_REVISION="$(git rev-parse HEAD)" -t litellm-exporter .
# The simulator of LiteLLM's traffic, from the same files: --target simulator
ARG NODE_IMAGE=node:24-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# What is built is JavaScript: the builder's own platform does for all.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json rspack.config.mjs tsconfig.json ./
COPY apps apps
COPY libs libs
RUN npx nest build exporter simulator cli

# Packages for production; the one with native code is taken for the target's processor, without an emulator.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS packages
ARG TARGETARCH
WORKDIR /src
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    --os=linux --libc=glibc --cpu="$(if [ "$TARGETARCH" = amd64 ]; then echo x64; else echo "$TARGETARCH"; fi)"

# What glibc is told: few arenas, and thresholds that stay where they begin. By itself it raises them with the buffers that come and go,
# and some 15 MB more of what is free stay behind.
FROM ${RUNTIME_IMAGE} AS runtime
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
WORKDIR /app
COPY --link --from=packages /src/node_modules node_modules
COPY --link package.json LICENSE ./
COPY --link docker/healthcheck.mjs healthcheck.mjs
COPY --link --from=build /src/dist dist
USER 65532:65532

FROM runtime AS simulator
ENTRYPOINT ["node", "/app/dist/apps/simulator/main.js"]

FROM runtime AS exporter
ARG BUILD_VERSION=0.1.0
ARG BUILD_REVISION=""
ARG BUILD_DATE=""
ENV BUILD_REVISION=${BUILD_REVISION}
LABEL org.opencontainers.image.title="litellm-exporter" \
      org.opencontainers.image.description="Prometheus exporter for LiteLLM, fed by PostgreSQL logical replication" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/litellm-exporter/litellm-exporter" \
      org.opencontainers.image.documentation="https://github.com/litellm-exporter/litellm-exporter/blob/main/README.md" \
      org.opencontainers.image.version="${BUILD_VERSION}" \
      org.opencontainers.image.revision="${BUILD_REVISION}" \
      org.opencontainers.image.created="${BUILD_DATE}" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian13:nonroot"
EXPOSE 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["node", "/app/dist/apps/exporter/main.js"]
