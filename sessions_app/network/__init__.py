"""Where a request comes from: addresses, peers that are ours, web origins. Free of Django's models."""

from sessions_app.network import trusted_peers, web_origins
from sessions_app.network.addresses import address_of, address_of_request, network_of
from sessions_app.network.trusted_peers import comes_from_within, is_proxy
from sessions_app.network.web_origins import WebOrigin

__all__ = [
    "WebOrigin",
    "address_of",
    "address_of_request",
    "comes_from_within",
    "is_proxy",
    "network_of",
    "trusted_peers",
    "web_origins",
]
