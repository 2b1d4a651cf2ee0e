"""A producing lane that sends in transactions, as an application does that heeds its library."""

from deliverycheck.brokers import Slot
from deliverycheck.clients import Remedy, Reply, commands
from deliverycheck.executions.ends import END_ACTIONS, END_COMMANDS, End, Patience
from deliverycheck.executions.producer import CALL_TIMEOUT_MS, OPEN_DEADLINE_S, ProducerLane
from deliverycheck.executions.run import CALL_DEADLINE_S, NS_PER_S, Run
from deliverycheck.history import Action, Ok
from deliverycheck.plans import TRANSACTIONAL_ID, Publish

INIT_MS = 5000
"""The first take-over on a broker takes a second, each later one some 20 ms to 0.5 s."""


class TransactionalLane(ProducerLane):
    """One transactional producer of the plan. It begins a transaction when it has one to fill."""

    def __init__(self, run: Run, name: str, slot: Slot) -> None:
        super().__init__(run, name, slot)
        self._begun = 0
        self._asked: End | None = None
        self._patience = Patience(run, self.settings())

    @property
    def transactional_id(self) -> str:
        """As the client's settings have it."""
        return str(self.settings()[TRANSACTIONAL_ID])

    def open(self, connect: commands.Connect) -> None:
        """The producer has taken the transactional id over, as far as the broker answered."""
        self.transaction, self._asked, self._begun = None, None, 0
        super().open(connect)
        self._patience = Patience(self.run, self.settings())
        self._patience.told_by(self.process)
        op = self.invoke(Action.INIT_TRANSACTIONS, transactional_id=self.transactional_id)
        command = commands.InitTransactions(op=op, timeout_ms=INIT_MS)
        reply = self.call(command, op=op, deadline_s=OPEN_DEADLINE_S)
        if reply is None or reply.error is not None:
            self._discard("the transactional id was not taken over")

    def publish(self, step: Publish) -> None:
        """Hand the messages over, in the open transaction or a new one."""
        if self._asked is not None:
            self.end(self._asked)
        if self._asked is not None or not self.lives or self.busy:
            return  # A transaction whose end is open takes no more.
        if self.transaction or self._begin():
            super().publish(step)

    def end(self, how: End) -> None:
        """Ask for the end of the open transaction, and do what the library says if it fails."""
        if self.transaction is None or not self.lives:
            return
        self._asked = how
        self._patience.asked()
        reply = self._call_end(how)
        if reply is not None and reply.remedy is Remedy.ABORT and how is End.COMMIT:
            self._asked = End.ABORT
            reply = self._call_end(End.ABORT)
        if reply is None or reply.remedy is Remedy.AGAIN:
            return  # Blocked, or not yet known: the next step that needs it asks again.
        self.transaction, self._asked = None, None
        late = self._patience.ended()
        if reply.error is not None or late is not None:
            self._discard(reply.error or late or "")

    def close_transaction(self, deadline_s: float) -> None:
        """What was asked for is asked again until it is known; what nobody ended is aborted."""
        end_ns = self.run.recorder.now() + int(deadline_s * NS_PER_S)
        while self.transaction is not None and self.lives and self.run.recorder.now() < end_ns:
            if not self.join(CALL_DEADLINE_S):
                continue
            self.end(self._asked or End.ABORT)

    def _begin(self) -> bool:
        self._begun += 1
        transaction = f"{self.process}-t{self._begun}"
        names = {"transaction": transaction, "transactional_id": self.transactional_id}
        op = self.invoke(Action.BEGIN_TRANSACTION, **names)
        self.call(commands.BeginTransaction(op=op), op=op)
        if not isinstance(self.completed.get(op), Ok):
            self._discard("no transaction could be begun")
            return False
        self.transaction = transaction
        return True

    def _call_end(self, how: End) -> Reply | None:
        names = {"transaction": self.transaction, "transactional_id": self.transactional_id}
        op = self.invoke(END_ACTIONS[how], **names)
        return self.call(END_COMMANDS[how](op=op, timeout_ms=CALL_TIMEOUT_MS), op=op)

    def _discard(self, why: str) -> None:
        """The client is of no use any more; the next publish opens another one."""
        self.run.note(self.process, "discarded", evidence={"because": why})
        self.dismiss()
