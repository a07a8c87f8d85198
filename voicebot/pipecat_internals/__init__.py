"""The one door to Pipecat's inside: base classes whose hooks have public names, over its private ones.

Nothing else in voicebot/ reads, sets or overrides an underscored name of Pipecat's, which a test holds.
`tests/test_pipecat_contract.py` checks each of them against the pinned version; docs/extending.md says why it
is needed. Imported by module, so that each user loads only what it needs.
"""
