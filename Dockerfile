# Xiaoer in one image; the command says which role it plays: all, web, worker or scheduler.

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
# What changes seldom comes first: editing code does not install the libraries anew.
COPY requirements-build.lock requirements.lock ./
RUN pip install --quiet --require-hashes -r requirements-build.lock \
 && pip install --quiet --require-hashes --no-build-isolation --use-pep517 -r requirements.lock
COPY . .
# Editable: the program finds sops/ and locale/ beside itself, and a volume may replace sops/.
RUN pip install --quiet --no-deps --no-build-isolation --editable . \
 && python -m compileall -q bot handlers

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin xiaoer \
 && install --directory --owner xiaoer --group xiaoer /app/var
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    XIAOER_LISTEN=0.0.0.0:8080
USER xiaoer
VOLUME /app/var
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["xiaoer"]
CMD ["all"]
