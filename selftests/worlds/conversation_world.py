"""Requests, a service that answers them, and a stream that two readers follow."""

from deliverycheck.history import Delivery, Position, Source
from selftests.story import Story
from selftests.worlds.world import World

ASKERS = ("c1#1", "c2#1")
SERVICE = "s1#1"
FEED = "feed"


class Question:
    """A request that is open, and what was replied to it."""

    def __init__(self, op, message):
        self.op, self.message = op, message
        self.reply = None


class ConversationWorld(World):
    """Each request counts the one reply to it; who follows the stream misses nothing of it."""

    verbs = ("ask", "ask", "answer", "hear", "hear", "give_up", "send", "send", "follow", "move")

    def __init__(self):
        super().__init__(
            Story(sources={FEED: Source(kind="stream"), "service": Source(kind="queue")})
        )
        self.sequences = dict.fromkeys((*ASKERS, SERVICE, "p1#1"), 0)
        self.open = {process: [] for process in ASKERS}
        self.feed = []
        self.reads = {}
        for process in ("r1#1", "r2#1"):
            self._begin(process, 0)

    def _message(self, process):
        self.sequences[process] += 1
        return f"{process}-{self.sequences[process]}"

    def ask(self, which, _, __):
        self._ask(ASKERS[which % 2])

    def _ask(self, process):
        message = self._message(process)
        op = self.story.invoke(process, "request", message=message, target="service")
        self._deliver(process, message)
        self.open[process].append(Question(op, message))
        return self.open[process][-1]

    def _deliver(self, process, message):
        """The request is a message to the service, which takes it at once."""
        self.story.ok(self.story.publish(message, process=process, target="service"))
        taken = self.story.invoke(SERVICE, "receive", target="service")
        self.story.ok(taken, deliveries=(Delivery(message=message, source="service"),))

    def answer(self, which, number, outcome):
        waiting = [one for one in self.open[ASKERS[which % 2]] if one.reply is None]
        if waiting:
            self._answer(waiting[number % len(waiting)], outcome)

    def _answer(self, question, outcome=0):
        """The service replies; a confirm that is lost takes nothing from the reply."""
        message = self._message(SERVICE)
        correlation = question.message
        op = self.story.invoke(SERVICE, "reply", message=message, correlation=correlation)
        if outcome < 6:
            self.story.ok(op)
        else:
            self.story.info(op, error="TimedOut")
        question.reply = self._reply(message, correlation)

    def _reply(self, message, correlation):
        return Delivery(message=message, source="replies", correlation=correlation)

    def hear(self, which, number, _):
        heard = [one for one in self.open[ASKERS[which % 2]] if one.reply is not None]
        if heard:
            self._hear(ASKERS[which % 2], heard[number % len(heard)])

    def _hear(self, process, question, *more):
        self.open[process].remove(question)
        self.story.ok(question.op, deliveries=(question.reply, *more))

    def give_up(self, which, number, _):
        questions = self.open[ASKERS[which % 2]]
        if questions:
            question = questions.pop(number % len(questions))
            self.story.info(question.op, error="TimedOut")

    def send(self, _, __, outcome):
        self._send(outcome)

    def _send(self, outcome=0):
        message = self._message("p1#1")
        op = self.story.publish(message, target=FEED)
        position = len(self.feed)
        self.feed.append(Delivery(message=message, source=FEED, position=position))
        if outcome < 6:
            self.story.ok(op, position=position)
        else:
            self.story.info(op, error="TimedOut")

    def follow(self, which, most, _):
        self._follow(tuple(self.reads)[which % len(self.reads)], most)

    def _follow(self, process, most):
        start = self.reads[process]
        found = self.feed[start : start + most]
        self.reads[process] += len(found)
        self._hand(process, *found)

    def _hand(self, process, *found):
        op = self.story.invoke(process, "receive", target=FEED)
        self.story.ok(op, deliveries=found)

    def move(self, which, back, _):
        process = tuple(self.reads)[which % len(self.reads)]
        position = max(0, self.reads[process] - back)
        self._begin(process, position, "seek")

    def _begin(self, process, position, action="assign"):
        covers = (Position(source=FEED, position=position),)
        self.story.ok(self.story.invoke(process, action, covers=covers))
        self.reads[process] = position

    def end(self):
        for process, questions in self.open.items():
            for question in list(questions):
                if question.reply is None:
                    self._answer(question)
                self._hear(process, question)
        for process in self.reads:
            self._follow(process, len(self.feed))
        self._hand("scan#1", *self.feed)
        self.story.done()
