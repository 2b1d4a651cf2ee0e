"""Conversations and streams of which one thing goes wrong."""

from typing import ClassVar

from msgspec.structs import replace

from selftests.worlds.conversation_world import ASKERS, ConversationWorld, Question
from selftests.worlds.world import Flaw

READER = "r9#1"


class FlawedConversation(ConversationWorld):
    """Each flaw asks, or follows the stream, for itself."""

    flaws: ClassVar = {
        "exchanges_replies": Flaw("mismatched_reply", {"matching_replies"}),
        "counts_two_replies": Flaw("repeated_reply", {"matching_replies"}),
        "answers_nobody": Flaw("phantom_reply", {"matching_replies"}),
        "loses_a_reply": Flaw("unanswered_request", {"requests_answered"}),
        "leaves_an_item_out": Flaw("stream_gap", {"gapless_stream"}),
        "hands_an_item_again": Flaw("stream_disorder", {"gapless_stream"}),
    }

    def _answered(self):
        question = self._ask(ASKERS[0])
        self._answer(question)
        return question

    def exchanges_replies(self, *_):
        one, other = self._answered(), self._answered()
        one.reply, other.reply = other.reply, one.reply
        self._hear(ASKERS[0], one)
        self._hear(ASKERS[0], other)

    def counts_two_replies(self, *_):
        question = self._answered()
        self._hear(ASKERS[0], question, replace(question.reply, message="s1#1-again"))

    def answers_nobody(self, *_):
        nobody = Question(None, "c9#1-1")
        self._answer(nobody)
        op = self.story.invoke(ASKERS[1], "receive", target="replies")
        self.story.ok(op, deliveries=(nobody.reply,))

    def loses_a_reply(self, *_):
        question = self._answered()
        self.open[ASKERS[0]].remove(question)

    def _followed(self):
        """The last three items, of which a reader was handed the first."""
        for _ in range(3):
            self._send()
        self._begin(READER, len(self.feed) - 3)
        self._follow(READER, 1)
        return self.feed[-3:]

    def leaves_an_item_out(self, *_):
        *_, last = self._followed()
        self._hand(READER, last)
        self.reads[READER] = last.position + 1

    def hands_an_item_again(self, *_):
        first, *_ = self._followed()
        self._hand(READER, first)
