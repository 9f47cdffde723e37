# counterfoil in a container: slim, not root, with a health check. It serves all five APIs on port 8000.
#   docker build -t counterfoil . && docker run --rm -p 127.0.0.1:8000:8000 counterfoil
FROM python:3.12-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE hatch_build.py ./
COPY specs specs
COPY fixtures fixtures
COPY docs/vendors docs/vendors
COPY examples/own-api examples/own-api
COPY src src
# postgres, redis: what a server with such a store needs beside; see examples/shared-sandbox
ARG EXTRAS=
# pip compiles what it installs: the first start in a container is as quick as any
RUN python -m venv /opt/counterfoil && /opt/counterfoil/bin/pip install --no-cache-dir --compile ".${EXTRAS:+[$EXTRAS]}"

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 counterfoil
COPY --from=build /opt/counterfoil /opt/counterfoil
# its number, so that an orchestrator can see that it is not root
USER 10001
WORKDIR /home/counterfoil
ENV PATH=/opt/counterfoil/bin:$PATH
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=2s --start-period=5s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/ready', timeout=1)"]
# Not bound to loopback inside the container, so the control API asks for a token: set COUNTERFOIL_CONTROL_TOKEN.
ENTRYPOINT ["counterfoil", "serve", "--host", "0.0.0.0"]
