# forerunner in an image that holds one static program, the certificate authorities and nothing else.
#
#   docker build --tag forerunner .
#   docker run --read-only -v ./config:/etc/forerunner:ro -v forerunner:/var/lib/forerunner -p 9797:9797 forerunner
#
# docs/how-to/in-containers.md says what the configuration needs there.

FROM docker.io/library/rust:1.95-slim-bookworm AS build
ARG TARGETARCH=amd64
ARG REVISION=unknown
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY config config
COPY probes probes
COPY src src
# With `--target`, the flags are those of the program alone: macros are shared objects, and stay such. Chance comes from the
# kernel itself: what is looked up while running is not found in a static program, and /dev/urandom need not be there.
RUN case "$TARGETARCH" in \
      amd64) target=x86_64-unknown-linux-gnu ;; \
      arm64) target=aarch64-unknown-linux-gnu ;; \
      *) echo "there is no build for $TARGETARCH" >&2; exit 1 ;; \
    esac \
    && RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_getrandom"' \
       FORERUNNER_REVISION="$REVISION" cargo build --profile dist --locked --bin forerunner --target "$target" \
    && install -D "target/$target/dist/forerunner" /image/forerunner
COPY LICENSE-APACHE LICENSE-MIT /image/licenses/
# Certificate authorities, a user without rights, and a directory that is theirs.
RUN install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && printf 'nonroot:x:65532:65532:nonroot:/var/lib/forerunner:/forerunner\n' >/image/etc/passwd \
    && printf 'nonroot:x:65532:\n' >/image/etc/group \
    && install -d -m 1777 /image/tmp \
    && install -d -m 700 /data/forerunner

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="forerunner" \
      org.opencontainers.image.description="Outside-in synthetic monitoring: runs your customers' journeys before they do" \
      org.opencontainers.image.licenses="Apache-2.0 OR MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
COPY --from=build --chown=65532:65532 /data/ /var/lib/
USER 65532:65532
WORKDIR /var/lib/forerunner
VOLUME /var/lib/forerunner
EXPOSE 9797
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/forerunner", "healthcheck", "--config", "/etc/forerunner/forerunner.yaml"]
ENTRYPOINT ["/forerunner"]
CMD ["run", "--config", "/etc/forerunner/forerunner.yaml"]
