"""Errors of a call. Their messages quote nobody; `ServerRefused` keeps the server's words apart."""


class ServerAway(Exception):
    """There is no connection, or it was lost before an answer came."""


class ServerRefused(Exception):
    """The server has answered, and not with a result. `words` are its own, for the model, as data."""

    def __init__(self, words: str = "") -> None:
        super().__init__("The server says that it did not work.")
        self.words = words
