"""What the page says of each step that the browser tries: open, closed, and what to do about it.

Names in braces are put in by voicebot/static/voicebot/line.js.
"""

from django.utils.translation import gettext as _

from voicebot.transport import advice_on_refusal


def words_of_steps() -> dict[str, str]:
    """By the name of an outcome, with `advice-` before it what to do."""
    no_relay = _(
        "Open that port of the TURN server's. If it is open elsewhere, this network closes it: name a "
        "second address in TURN_URLS, such as turns: with port 443."
    )
    return {
        "open": _("open"),
        "closed": _("closed"),
        "unknown": _("not set"),
        "trying": _("Trying…"),
        "all-open": _("Everything that was tried is open."),
        "some-closed": _("Closed: {count}. What to do about it stands beside each."),
        "lost": _("The server does not answer."),
        # The browser itself.
        "browser": _("this browser"),
        "browser-open": _("makes calls"),
        "browser-closed": _("makes no calls"),
        "advice-browser": _(
            "Open this page by https, in a browser that has WebRTC and does not switch it off."
        ),
        "gathering": _("addresses of this browser"),
        "gathering-open": _("found: {host} of its own, {outside} from outside, {relay} of relays"),
        "gathering-closed": _("found none"),
        "advice-gathering": _(
            "An extension or a rule of the browser hides its addresses: visitors with the same "
            "talk over the WebSocket."
        ),
        # Servers.
        "stun-open": _("tells this browser that it is {address}"),
        "stun-same": _("answers, and no other address than this browser's own is between them"),
        "stun-closed": _("does not answer this browser: {why}"),
        "advice-stun": _(
            "Open UDP to it. If it is open elsewhere, this network lets no UDP out: a TURN server by "
            "TLS on port 443 helps."
        ),
        "turn-open": _("gives this browser a relay"),
        "turn-refused": _("refuses this browser: {why}"),
        "advice-turn-refused": advice_on_refusal(),
        "turn-closed": _("gives this browser no relay: {why}"),
        "advice-turn-closed": no_relay,
        "late": _("no answer in {secs} s"),
        # The call.
        "offer": _("offer and answer"),
        "offer-open": _("answered in {ms} ms"),
        "offer-closed": _("refused: {why}"),
        "advice-offer": _("The server's log says more. A proxy in front of it may cut requests short."),
        "direct": _("packets, straight"),
        "direct-open": _("pass by {protocol} after {ms} ms, round trip {trip} ms"),
        "direct-closed": _("none pass"),
        "advice-direct": _(
            "Open WEBRTC_PORTS for UDP towards the server, and look at WEBRTC_ADDRESSES. If calls pass "
            "elsewhere, this network lets no UDP out: visitors here need a TURN server, or talk over "
            "the WebSocket."
        ),
        "dtls": _("encryption"),
        "dtls-open": _("agreed on after {ms} ms"),
        "dtls-closed": _("not agreed on"),
        "advice-dtls": _(
            "Packets pass and are changed or lost on the way: look for a firewall that inspects UDP, or "
            "one that drops packets of more than 1200 bytes."
        ),
        "up": _("sound to the server"),
        "down": _("sound from the server"),
        "sound-open": _("arrives after {ms} ms"),
        "sound-closed": _("does not arrive"),
        "advice-sound": _(
            "The call stands and carries no sound one way: try another browser, then look at the log."
        ),
        "relayed": _("a call through {url}"),
        "relayed-open": _("carries sound both ways after {ms} ms"),
        "relayed-closed": _("does not come about"),
        "advice-relayed": _(
            "The TURN server must be allowed to reach the server's WEBRTC_PORTS: look at "
            "denied-peer-ip and allowed-peer-ip in its configuration."
        ),
    }
