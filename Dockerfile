# The tap alone, for a pipe into any Singer target. Its dependencies are those of the tests.
FROM python:3.13-slim AS build
# The repository's tags, which tell the version, are not copied.
ARG VERSION=0.1.0
ENV SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir uv
# Nobody, below, can write none, and would compile at every start.
ENV UV_COMPILE_BYTECODE=1
RUN uv venv /opt/tap-rotor
RUN uv pip install --no-cache --python /opt/tap-rotor --constraint requirements.lock .

FROM python:3.13-slim
COPY --from=build /opt/tap-rotor /opt/tap-rotor
# Nobody, by number: Kubernetes can tell that it is not root.
USER 65534:65534
ENTRYPOINT ["/opt/tap-rotor/bin/tap-rotor"]
