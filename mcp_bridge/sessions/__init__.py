"""What a session is on the wire: ordered frames both ways. Shared by both sides."""

from mcp_bridge.sessions.items import (
    CloseStream,
    Control,
    End,
    Item,
    Keep,
    Said,
    Unanswered,
    decode_items,
    encode_item,
)
from mcp_bridge.sessions.order import Resequencer
from mcp_bridge.sessions.sending import SESSION_IDLE_S, Sender

__all__ = [
    "SESSION_IDLE_S",
    "CloseStream",
    "Control",
    "End",
    "Item",
    "Keep",
    "Resequencer",
    "Said",
    "Sender",
    "Unanswered",
    "decode_items",
    "encode_item",
]
