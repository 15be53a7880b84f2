"""The leases of one request's messages: kept while it is worked on, deleted at its end."""

from __future__ import annotations

import anyio

from mcp_bridge.carriers.port import Carrier, Receipt
from mcp_bridge.errors import CarrierFault, LeaseLost


class Hold:
    """Receipts by message: the chunks, and the doubles that a repeated put can make.

    A message whose lease was lost is delivered again, and then held by its new receipt.
    """

    def __init__(self, carrier: Carrier, queue: str, lease_s: int) -> None:
        self._carrier = carrier
        self._queue = queue
        self._lease_s = lease_s
        self._receipts: dict[str, Receipt] = {}
        self._lock = anyio.Lock()  # a renewal changes the receipt that a delete needs
        self._is_given_back = False
        self._nudged = anyio.Event()
        self._lost = False  # a lease: somebody else has that message now

    def add(self, receipt: Receipt) -> None:
        """Hold this message too."""
        self._receipts[receipt.message_id] = receipt

    async def keep(self) -> None:
        """Renew at half of the lease, until the messages are given back."""
        while not self._is_given_back:
            with anyio.move_on_after(self._lease_s / 2):
                await self._nudged.wait()
                self._nudged = anyio.Event()
            if not self._is_given_back:
                await self._renew()

    def renew_now(self) -> None:
        """Do not wait for half of the lease: the PC slept."""
        self._nudged.set()

    async def delete(self) -> bool:
        """Take the messages off the queue; False if one of them may come again."""
        self._give_back()
        are_gone = not self._lost
        async with self._lock:
            while self._receipts:
                _, receipt = self._receipts.popitem()
                try:
                    await self._carrier.delete(self._queue, receipt)
                except CarrierFault:
                    are_gone = False
        return are_gone

    def let_go(self) -> None:
        """Stop renewing; the messages come again when their leases end."""
        self._give_back()

    def _give_back(self) -> None:
        self._is_given_back = True
        self._nudged.set()

    async def _renew(self) -> None:
        async with self._lock:
            for receipt in list(self._receipts.values()):
                try:
                    renewed = await self._carrier.renew(self._queue, receipt, lease_s=self._lease_s)
                except LeaseLost:
                    self._lost = True
                    self._replace(receipt, None)
                except CarrierFault:
                    continue  # there is another half of the lease to try in
                else:
                    self._replace(receipt, renewed)

    def _replace(self, old: Receipt, new: Receipt | None) -> None:
        if self._receipts.get(old.message_id) is not old:
            return  # delivered again meanwhile
        del self._receipts[old.message_id]
        if new is not None:
            self.add(new)
