"""A lane that publishes in transactions of its channel."""

from deliverycheck.clients import commands
from deliverycheck.executions.ends import END_ACTIONS, END_COMMANDS, End
from deliverycheck.executions.producer import CALL_TIMEOUT_MS
from deliverycheck.executions.queues.publisher import PublisherLane
from deliverycheck.executions.run import CALL_DEADLINE_S
from deliverycheck.history import Action, Ok
from deliverycheck.plans import Send, Wait


class TransactingLane(PublisherLane):
    """One publisher of the plan that begins a transaction when it has one to fill."""

    _begun = 0

    def open(self) -> None:
        self.transaction, self._begun = None, 0
        super().open()

    def publish(self, step: Send) -> None:
        """Hand the messages over, in the open transaction or a new one."""
        if self.transaction or self._begin():
            super().publish(step)

    def _begin(self) -> bool:
        self._begun += 1
        transaction = f"{self.process}-t{self._begun}"
        op = self.invoke(Action.BEGIN_TRANSACTION, transaction=transaction)
        self.call(commands.BeginTransaction(op=op), op=op)
        if not isinstance(self.completed.get(op), Ok):
            self.discard("no transaction could be begun")
            return False
        self.transaction = transaction
        return True

    def end(self, how: End, wait: Wait = Wait.RETURNED) -> None:
        """Ask for the end of the open transaction, once: how a lost answer ended nobody can ask.

        With ``wait="sent"`` it is over when it is under way.
        """
        if self.transaction is None or not self.lives:
            return
        op = self.invoke(END_ACTIONS[how], transaction=self.transaction)
        self.transaction = None
        identity = self.send(END_COMMANDS[how](op=op, timeout_ms=CALL_TIMEOUT_MS))
        if wait is not Wait.SENT:
            self.answer(identity, deadline_s=CALL_DEADLINE_S, op=op)
            self.discard_if_gone()

    def close_transaction(self) -> None:
        """What nobody ended is aborted."""
        if self.transaction is not None and self.lives and not self.busy and not self.gone:
            self.end(End.ABORT)
