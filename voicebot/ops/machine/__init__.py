"""What the machine gives this process, and takes back: cores, memory."""

from voicebot.ops.machine import process_memory
from voicebot.ops.machine.cpu_quota import cores

__all__ = ["cores", "process_memory"]
