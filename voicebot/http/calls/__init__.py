"""Calls: how a client and the server find each other for WebRTC, where Pipecat's clients ask."""
