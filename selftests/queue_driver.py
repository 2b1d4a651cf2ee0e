"""Plans about queues, run in memory, and what the checkers say of their histories."""

from deliverycheck.executions import execute
from deliverycheck.guarantees import GUARANTEES, Validity, check
from deliverycheck.history import ExecutionFolder, read_history
from deliverycheck.plans import CommitPolicy, Consumer, Queue, Subject, Topology
from deliverycheck.plans.rabbitmq import RabbitModel
from selftests.memory_queues import MemoryQueueTarget

MODEL = RabbitModel()
CONFIRMED = {"confirms": "pipelined", "persistent": True, "mandatory": True}
ONE = Topology(queues=(Queue(name="q1"),))
WITH_DEAD = Topology(
    queues=(Queue(name="q1", dead_letter_exchange="", dead_letter_key="dead"), Queue(name="dead"))
)


def subject(policy=CommitPolicy.AFTER_EFFECT, topology=ONE, **fields):
    consumer = None if policy is None else Consumer(commit=policy, settings={"prefetch": 3})
    return Subject(
        producer=fields.pop("producer", CONFIRMED), consumer=consumer, topology=topology, **fields
    )


def runner(folder, kind=MemoryQueueTarget):
    """Runs steps for a subject in memory: the history, the target."""

    def run(of, *steps, **trouble):
        plan = MODEL.normalise(of, steps)
        assert plan.steps == steps
        target = kind(folder, **trouble)
        execution_folder = ExecutionFolder(root=folder / "execution")
        execution = execute(plan, target.live, execution_folder)
        assert execution.inconclusive is None
        return read_history(execution_folder.history), target

    return run


def broken(history):
    verdicts = check(history, tuple(GUARANTEES))
    return {one.guarantee for one in verdicts if one.validity is Validity.INVALID}


def valid(history):
    verdicts = check(history, tuple(GUARANTEES))
    return {one.guarantee for one in verdicts if one.validity is Validity.VALID}


def calls_of(history, process):
    return [str(one.action) for one in history.operations if one.process == process]
