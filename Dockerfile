# Two images: `--target tap`, for a pipe into any Singer target, and `--target pipeline`, which is
# this Meltano project with target-postgres and dbt. Both have the versions of requirements-server.lock.
FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS python
# It comes without byte code, and nobody may write any: every start would compile it anew.
RUN python -m compileall -q -x site-packages /usr/local/lib/python3.13
# A run is healthy if its status is 0: nothing here waits to be asked.
HEALTHCHECK NONE

FROM python AS build
ENV UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_CONSTRAINT=requirements-server.lock
WORKDIR /rotor
COPY requirements-server.lock .
RUN sed -n '/^uv==/,/[^\\]$/p' requirements-server.lock > uv.txt \
  && python -m pip install --no-cache-dir --require-hashes --requirement uv.txt
COPY . .
# The repository's tags, which tell the version, are not copied.
ARG VERSION=0.0.0
ENV SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION

FROM build AS build-tap
RUN uv venv /opt/tap-rotor \
  && uv pip install --python /opt/tap-rotor .

FROM build AS build-pipeline
RUN uv venv .venv \
  && uv pip install --python .venv --group meltano \
  && .venv/bin/meltano --log-config=none install tap-rotor target-postgres dbt-postgres \
  && chmod 1777 .meltano/run

FROM python AS pipeline
COPY --from=build-pipeline /rotor /rotor
WORKDIR /rotor
# A run writes into /tmp and .meltano/run alone: all else may be read-only.
ENV DBT_LOG_PATH=/tmp DBT_TARGET_PATH=/tmp XDG_STATE_HOME=/tmp \
  MELTANO_AUTO_INSTALL=false MELTANO_CLI_DISABLE_VERSION_CHECK=true
# Nobody, by number: Kubernetes can tell that it is not root.
USER 65534:65534
ENTRYPOINT ["/rotor/.venv/bin/meltano"]

FROM python AS tap
COPY --from=build-tap /opt/tap-rotor /opt/tap-rotor
USER 65534:65534
ENTRYPOINT ["/opt/tap-rotor/bin/tap-rotor"]
