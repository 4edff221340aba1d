ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
# A slim Debian has no folder for manuals, which Java's alternatives insist on.
# hadolint ignore=DL3008
RUN mkdir -p /usr/share/man/man1 && apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless curl \
    && rm -rf /var/lib/apt/lists/*
