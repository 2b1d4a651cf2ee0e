"""A log with partitions, producers that lose confirms, and two groups that crash and rebalance."""

from collections import defaultdict

from deliverycheck.history import Delivery, Position, PublishRun, Source
from selftests.story import Story
from selftests.worlds.world import World

PARTITIONS = {"t": 2, "u": 1}
GROUPS = {"g": ("t",), "h": ("t", "u")}
KEYS = (None, "k1", "k2", "k3")
TWICE = {"at_most_once_in_effect", "exactly_once_in_effect"}


class Member:
    """A consumer of a group: what it owns, where it reads on, what it has in hand."""

    def __init__(self, process, group):
        self.process, self.group = process, group
        self.reads = {}
        self.in_hand = []
        self.effected = {}


class LogWorld(World):
    """Confirmed messages stand in the log, in the order of the calls; effects, then commits."""

    verbs = (
        "publish", "publish", "publish", "bulk", "confirm", "send_again", "crash_producer",
        "receive", "receive", "effect", "commit", "crash_member", "join", "restart_broker",
    )  # fmt: skip

    def __init__(self):
        sources = {topic: Source() for topic in PARTITIONS}
        super().__init__(Story(groups=GROUPS, sources=sources))
        self.logs = {(t, p): [] for t, count in PARTITIONS.items() for p in range(count)}
        self.incarnations = defaultdict(int)
        self.sequences = defaultdict(int)
        self.open = defaultdict(list)
        self.unresolved = defaultdict(list)
        self.epoch = 1
        self.committed = defaultdict(int)
        self.done = set()
        self.wished = set()  # Groups and places where a member went where it liked.
        self.members = {group: [] for group in GROUPS}
        for group in GROUPS:
            self._join(group)

    # Producers

    def _process(self, lane):
        process = f"{lane}#{self.incarnations[lane] + 1}"
        if not self.sequences[process]:
            self.story.process(process, "started")
        return process

    def _message(self, process, count=1):
        first = self.sequences[process] + 1
        self.sequences[process] += count
        return f"{process}-{first}"

    def _place(self, topic, key, number):
        chosen = number if key is None else KEYS.index(key)
        return (topic, chosen % PARTITIONS[topic])

    def _append(self, place, message, attempt=1):
        topic, partition = place
        log = self.logs[place]
        log.append(
            Delivery(
                message=message,
                source=topic,
                partition=partition,
                position=len(log),
                attempt=attempt,
                epoch=self.epoch,
            )
        )
        return log[-1].position

    def publish(self, lane, what, outcome):
        process = self._process(f"p{lane % 3 + 1}")
        topic, key = ("t", "t", "u")[what % 3], KEYS[(what + lane) % len(KEYS)]
        self._send(process, self._message(process), topic, key, outcome)

    def _send(self, process, message, topic, key, outcome, attempt=1):  # noqa: PLR0913, PLR0917
        place = self._place(topic, key, self.sequences[process])
        op = self.story.publish(message, process=process, target=topic, key=key, attempt=attempt)
        lands = outcome not in {5, 6}
        position = self._append(place, message, attempt) if lands else None
        if outcome in {0, 1, 2}:
            self.story.ok(op, partition=place[1], position=position)
        elif outcome == 3:
            self.open[process].append((op, place[1], position))
        elif outcome == 6:
            self.story.fail(op, error="QueueFull")
            self.unresolved[process].append((message, topic, key, attempt, False))
        else:
            self.story.info(op, error="TimedOut")
            self.unresolved[process].append((message, topic, key, attempt, lands))

    def bulk(self, lane, count, partition):
        process = self._process(f"p{lane % 3 + 1}")
        count, place = count + 1, ("t", partition % PARTITIONS["t"])
        first = self._message(process, count)
        number = int(first.rpartition("-")[2])
        op = self.story.publish(first, process=process, target="t", partition=place[1], count=count)
        positions = [self._append(place, f"{process}-{number + step}") for step in range(count)]
        run = PublishRun(
            first_sequence=number, partition=place[1], first_position=positions[0], count=count
        )
        self.story.ok(op, runs=(run,))

    def confirm(self, lane, which, _):
        process = self._process(f"p{lane % 3 + 1}")
        if pending := self.open[process]:
            op, partition, position = pending.pop(which % len(pending))
            self.story.ok(op, partition=partition, position=position)

    def send_again(self, lane, _, outcome):
        process = self._process(f"p{lane % 3 + 1}")
        if self.unresolved[process]:
            message, topic, key, attempt, landed = self.unresolved[process].pop()
            if landed and outcome not in {5, 6}:
                self.not_kept.add("exactly_once_in_log")
            self._send(process, message, topic, key, outcome, attempt + 1)
            if landed and outcome > 3:
                *kept, _ = self.unresolved[process].pop()
                self.unresolved[process].append((*kept, True))

    def crash_producer(self, lane, _, __):
        lane = f"p{lane % 3 + 1}"
        process = self._process(lane)
        if self.sequences[process]:
            self.story.process(process, "killed")
            self.incarnations[lane] += 1

    def restart_broker(self, *_):
        self.story.node("b1", "killed")
        self.story.node("b1", "ready")
        self.epoch += 1

    # Groups

    def _join(self, group):
        lane = f"c{sum(self.incarnations[f'c-{each}'] for each in GROUPS) + 1}"
        self.incarnations[f"c-{group}"] += 1
        member = Member(f"{lane}#1", group)
        self.story.process(member.process, "started")
        for topic in GROUPS[group]:
            op = self.story.invoke(member.process, "subscribe", target=topic, group=group)
            self.story.ok(op)
        self._rebalance(group, [*self.members[group], member])

    def _rebalance(self, group, members):
        for member in self.members[group]:
            self._work(member, len(member.in_hand))
            self._commit(member)
            if member.reads:
                self._told(member, "revoke", member.reads)
            member.reads = {}
        self.members[group] = members
        places = [place for place in self.logs if place[0] in GROUPS[group]]
        for number, member in enumerate(members):
            mine = places[number :: len(members)]
            member.reads = {place: self.committed[group, place] for place in mine}
            member.effected = {}
            self._told(member, "assign", member.reads)

    def _told(self, member, action, places):
        covers = tuple(
            Position(source=topic, partition=partition, position=position)
            for (topic, partition), position in places.items()
        )
        op = self.story.invoke(member.process, action, group=member.group, covers=covers)
        self.story.ok(op)

    def _pick(self, number):
        members = [member for group in sorted(GROUPS) for member in self.members[group]]
        return members[number % len(members)]

    def join(self, group, _, __):
        group = sorted(GROUPS)[group % 2]
        if len(self.members[group]) < 3:
            self._join(group)

    def receive(self, number, most, _):
        self._receive(self._pick(number), most)

    def _receive(self, member, most):
        op = self.story.invoke(member.process, "receive", group=member.group)
        found = []
        for place in member.reads:
            start = member.reads[place]
            new = self.logs[place][start : start + most - len(found)]
            member.reads[place] += len(new)
            found += new
        member.in_hand += found
        self.story.ok(op, deliveries=tuple(found))
        return found

    def effect(self, number, count, _):
        self._work(self._pick(number), count + 1)

    def _work(self, member, count):
        for delivery in member.in_hand[:count]:
            self.story.effect(member.process, delivery, group=member.group)
            place = (delivery.source, delivery.partition)
            member.effected[place] = delivery.position + 1
            wished = (member.group, place) in self.wished
            if (member.group, place, delivery.position) in self.done and not wished:
                self.not_kept |= TWICE
            self.done.add((member.group, place, delivery.position))
        del member.in_hand[:count]

    def commit(self, number, _, __):
        self._commit(self._pick(number))

    def _commit(self, member):
        if member.effected:
            self._told(member, "commit", member.effected)
            for place, position in member.effected.items():
                self.committed[member.group, place] = position
            member.effected = {}

    def crash_member(self, number, _, __):
        member = self._pick(number)
        self.story.process(member.process, "killed")
        rest = [each for each in self.members[member.group] if each is not member]
        self.members[member.group] = rest
        lane, _, incarnation = member.process.partition("#")
        again = Member(f"{lane}#{int(incarnation) + 1}", member.group)
        self.story.process(again.process, "started")
        for topic in GROUPS[member.group]:
            op = self.story.invoke(again.process, "subscribe", target=topic, group=member.group)
            self.story.ok(op)
        self._rebalance(member.group, [*rest, again])

    # The quiet tail

    def end(self):
        for group in sorted(GROUPS):
            for member in self.members[group]:
                while self._receive(member, 5):
                    self._work(member, 5)
                self._work(member, len(member.in_hand))
                self._commit(member)
        self._scan("scan#1")
        self.story.done()

    def _kept(self, place):
        """What of a partition fresh readers find."""
        return self.logs[place]

    def _scan(self, process):
        for (topic, partition), log in self.logs.items():
            op = self.story.invoke(process, "receive", target=topic)
            start = Position(source=topic, partition=partition, position=0)
            end = Position(source=topic, partition=partition, position=len(log))
            found = tuple(self._kept((topic, partition)))
            self.story.ok(op, deliveries=found, starts=(start,), ends=(end,))


class SeekingWorld(LogWorld):
    """The same, and members that read again, or leave out, what they like."""

    verbs = (*LogWorld.verbs, "seek", "seek", "pause", "resume")

    def __init__(self):
        self.silent = {}
        super().__init__()

    def pause(self, number, which, _):
        """A member wants nothing of one of its partitions; a rebalance ends that."""
        member = self._pick(number)
        places = sorted(member.reads.keys() - self.silent.get(member.process, {}).keys())
        if places:
            place = places[which % len(places)]
            self._told(member, "pause_partitions", {place: 0})
            self.silent.setdefault(member.process, {})[place] = member.reads.pop(place)

    def resume(self, number, _, __):
        member = self._pick(number)
        silent = self.silent.pop(member.process, {})
        if silent:
            self._told(member, "resume_partitions", silent)
            member.reads |= silent

    def _rebalance(self, group, members):
        for member in self.members[group]:
            member.reads |= self.silent.pop(member.process, {})
        super()._rebalance(group, members)

    def end(self):
        for number in range(sum(map(len, self.members.values()))):
            self.resume(number, 0, 0)
        super().end()

    def seek(self, number, which, where):
        """A member is done with what it has, and goes where it likes in one of its partitions."""
        member = self._pick(number)
        self._work(member, len(member.in_hand))
        if not member.reads:
            return
        place = sorted(member.reads)[which % len(member.reads)]
        end, whence = len(self.logs[place]), ("beginning", "position", "time", "end")[where % 4]
        asked = min(end - 1, which) if whence in {"position", "time"} else 0
        if asked < 0:
            return
        member.reads[place] = {"beginning": 0, "end": end}.get(whence, asked)
        member.effected.pop(place, None)
        self.wished.add((member.group, place))
        covers = (Position(source=place[0], partition=place[1], position=asked),)
        op = self.story.invoke(
            member.process, "seek", group=member.group, covers=covers, whence=whence
        )
        self.story.ok(op, position=asked if whence == "time" else None)
