"""Is the serving side there? One sealed record on `NAME-presence`, which callers look at."""

from mcp_bridge.presence.attendance import Attendance, Rests
from mcp_bridge.presence.hours import OpeningHours
from mcp_bridge.presence.looking import Absence, Lookout
from mcp_bridge.presence.record import Record, State

__all__ = ["Absence", "Attendance", "Lookout", "OpeningHours", "Record", "Rests", "State"]
