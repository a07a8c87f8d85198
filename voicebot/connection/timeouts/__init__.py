"""What ends a connection by the clock: no more time for the session, quiet, a client that never begins."""

from voicebot.connection.timeouts.heartbeat import keep_alive
from voicebot.connection.timeouts.idle_close import IDLE, IdleClose, quiet_secs
from voicebot.connection.timeouts.ready_timeout import ReadyTimeout

__all__ = ["IDLE", "IdleClose", "ReadyTimeout", "keep_alive", "quiet_secs"]
