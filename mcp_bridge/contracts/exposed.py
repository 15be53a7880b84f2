"""Which tools are served without a seal, and where: for settings, warnings and the app."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from mcp_bridge.contracts.door import UnsealedDoor
from mcp_bridge.contracts.foundry_tool import FoundryTool
from mcp_bridge.contracts.plain_rpc import PlainRpc
from mcp_bridge.contracts.shape import Shape
from mcp_bridge.errors import Code, LocalFault
from mcp_bridge.events import Contract
from mcp_bridge.names import QueueNames


@dataclass(frozen=True, slots=True)
class Exposed:
    """One tool that whoever may use these queues can read and call."""

    tool: str
    contract: Contract
    requests: str
    answers: str  # a queue, or `PREFIX*`


@dataclass(frozen=True, slots=True)
class Unsealed:
    """All contracts of one listener; none unless somebody names tools."""

    foundry: tuple[FoundryTool, ...] = ()
    plain: PlainRpc | None = None

    def exposed(self) -> tuple[Exposed, ...]:
        """What a person must be told."""
        found = [
            Exposed(one.tool, one.contract, one.input_queue, one.output_queue)
            for one in self.foundry
        ]
        if self.plain is not None:
            plain = self.plain
            found += [
                Exposed(tool, plain.contract, plain.input_queue, f"{plain.response_prefix}*")
                for tool in sorted(plain.tools)
            ]
        return tuple(found)

    def queues(self) -> tuple[str, ...]:
        """Those that are there for good."""
        return tuple(queue for shape in self._shapes() for queue in shape.own_queues)

    def doors(self, names: QueueNames) -> tuple[UnsealedDoor, ...]:
        """For `Listener.add`.

        Raises:
            LocalFault: BAD_SETTINGS, two of them want one queue, or one of the bridge's own.
        """
        bridge = (name for name in astuple(names) if name != names.response_prefix)
        queues = [*bridge, *self.queues()]
        if len(set(queues)) < len(queues):
            raise LocalFault(Code.BAD_SETTINGS)
        if any(queue.startswith(names.response_prefix) for queue in queues):
            raise LocalFault(Code.BAD_SETTINGS)
        if self.plain is not None and _reaches(self.plain.response_prefix, queues, names):
            raise LocalFault(Code.BAD_SETTINGS)
        return tuple(map(UnsealedDoor, self._shapes()))

    def _shapes(self) -> tuple[Shape, ...]:
        return self.foundry if self.plain is None else (*self.foundry, self.plain)


def _reaches(prefix: str, queues: list[str], names: QueueNames) -> bool:
    """Whether an answer could be sent to a queue that is for something else."""
    return (
        any(queue.startswith(prefix) for queue in queues)
        or prefix.startswith(names.response_prefix)
        or names.response_prefix.startswith(prefix)
    )
