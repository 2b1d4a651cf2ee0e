"""What was sent in transactions that did not surely commit."""

from deliverycheck.guarantees.copies import PublicationKey
from deliverycheck.history import Action, History, Outcome, indexed


@indexed
def uncommitted(history: History) -> frozenset[PublicationKey]:
    """Messages and attempts that readers may rightly be spared, or see and have to forget."""
    inside = [one for one in history.select(Action.PUBLISH) if one.transaction is not None]
    if not inside:
        return frozenset()
    committed = {
        operation.transaction
        for operation in history.select(Action.COMMIT_TRANSACTION)
        if operation.outcome is Outcome.OK
    }
    open_ops = {operation.op for operation in inside if operation.transaction not in committed}
    return frozenset(
        (publication.message, publication.attempt)
        for publication in history.publications
        if publication.op in open_ops
    )
