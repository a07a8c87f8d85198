"""What we rely on in the inside of Django and other libraries is as it was; Pipecat has a test of its own.

An upgrade that changes one of them fails here, and a change of ours that touches another in
`test_private_spots.py`. Why each is touched is in docs/extending.md.
"""

import pytest
from csp.middleware import CSPMiddleware
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import RequestFactory

from tests.private_names import as_it_is, is_there, lines_of, name_in

PRIVATE = """
channels_redis.pubsub.RedisPubSubChannelLayer
    _args
    _get_layer(self)
    _kwargs
    _layers
channels_redis.pubsub.RedisPubSubLoopLayer
    _get_group_channel_name(self, group)
    _get_shard(self, channel_or_group_name)
    _shards
channels_redis.pubsub.RedisSingleShardConnection
    async _do_receiving(self)
    _pubsub
    _receive_message(self, message)
    _redis
    _subscribed_to
channels_redis.utils
    _wrap_close(proxy, loop)
django.contrib.auth.base_user.AbstractBaseUser
    _password
django.contrib.sessions.backends.db.SessionStore
    async _aget_session_from_db(self)
    _get_session_from_db(self)
    _session_key
django.db.backends.postgresql.base.DatabaseWrapper
    _configure_connection(self, connection)
django.forms.models.BaseModelForm
    _post_clean(self)
ninja.params.models.Body
    _model
ninja.params.models.Param
    _param_source(cls)
storages.backends.s3.S3Storage
    _open(self, name, mode=)
    _save(self, name, content)
"""

# What has a public name, and whose being called at all nobody has promised.
UNDOCUMENTED = """
aioice.ice
    CONSENT_FAILURES
    async server_reflexive_candidate(protocol, stun_server)
aioice.ice.Connection
    _local_candidates
    _local_candidates_end
    _local_candidates_start
    _protocols
    async gather_candidates(self)
    stun_server
aioice.ice.StunProtocol
    __init__(self, receiver)
    datagram_received(self, data, addr)
    async request(self, request, addr, integrity_key=, retransmissions=)
aiortc.jitterbuffer.JitterBuffer
    __init__(self, capacity, prefetch=, is_video=)
    add(self, packet)
aiortc.rtcicetransport.RTCIceGatherer
    _connection
aiortc.rtcsctptransport
    USERDATA_MAX_LENGTH
aiortc.rtcsctptransport.RTCSctpTransport
    _outbound_queue
    _sent_queue
channels.consumer.AsyncConsumer
    async __call__(self, scope, receive, send)
    async dispatch(self, message)
django.contrib.auth.management
    create_permissions(app_config, verbosity=, interactive=, using=, apps=, **kwargs)
faster_whisper.audio
    pad_or_trim(array, length=, *, axis=)
faster_whisper.tokenizer.Tokenizer
    __init__(self, tokenizer, multilingual, task=, language=)
    decode(self, tokens)
faster_whisper.transcribe.WhisperModel
    encode(self, features)
    feature_extractor
    get_prompt(self, tokenizer, previous_tokens, without_timestamps=, prefix=, hotwords=)
    hf_tokenizer
    model
hibari.dsp
    synth(lh, th, ln, lr, phi, f0, rng)
hibari.g2p.G2P
    __init__(self, oov=, unk=, british=)
    phonemize_tokens(self, tokens)
    tokenize(self, text)
hibari.g2p.normalize
    normalize(text)
hibari.tts.Hibari
    split_sentences
piper.patch_voice_with_alignment
    add_alignment_output(model, tensor_name=)
piper.voice.AudioChunk
    audio_float_array
    phoneme_alignments
piper.voice.PiperVoice
    synthesize(self, text, syn_config=, include_alignments=)
uvicorn._types
    ASGISendEvent
uvicorn.protocols.http.httptools_impl
    STATUS_LINE
uvicorn.protocols.http.httptools_impl.HttpToolsProtocol
    connection_lost(self, exc)
    connection_made(self, transport)
    data_received(self, data)
    handle_websocket_upgrade(self)
    on_header(self, name, value)
    on_headers_complete(self)
    on_message_begin(self)
    on_url(self, url)
    send_400_response(self, msg)
uvicorn.protocols.websockets.websockets_sansio_impl.WebSocketsSansIOProtocol
    close_sent
    close_timeout
    close_timer
    conn
    connection_made(self, transport)
    data_received(self, data)
    handshake_complete
    handshake_initiated
    keepalive_timeout(self)
    pending_ping_payload
    pong_timer
    async send(self, message)
    writable
uvicorn.server.Server
    force_exit
    async shutdown(self, sockets=)
"""


@pytest.mark.parametrize(("owner", "line"), lines_of(PRIVATE) + lines_of(UNDOCUMENTED))
def test_what_is_relied_on_is_as_it_was(owner, line):
    assert as_it_is(owner, name_in(line)) == line
    assert is_there(owner, name_in(line))


def test_the_policy_of_one_answer_is_replaced_by_what_the_decorator_would_set(settings):
    """django-csp's decorator takes values that are known when a view is written; ours is in the request."""

    def embedded(_request: object) -> HttpResponse:
        answer = HttpResponse()
        answer._csp_replace = {"frame-ancestors": ["https://page.example"]}
        return answer

    answer = CSPMiddleware(embedded)(RequestFactory().get("/"))
    assert "frame-ancestors https://page.example" in answer.headers["Content-Security-Policy"]


def test_a_password_that_is_set_can_be_told_from_a_newer_hash_of_the_same_one():
    user = get_user_model()(username="ada")
    user.set_password("a long enough password")
    assert user._password == "a long enough password"
