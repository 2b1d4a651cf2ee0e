"""What a told story shows: hazards that occurred, and faults that acted."""

from deliverycheck.guarantees import HAZARDS, fault_evidence, hazards_of


def occurred(story):
    """The names of the hazards that occurred."""
    return set(hazards_of(story.history()))


def evidence(story, name):
    """What tells that the hazard occurred, in words."""
    found = hazards_of(story.history()).get(name, ())
    return [HAZARDS[name].tell(each) for each in found]


def only(story):
    """Whether the one fault of the story acted, and what shows it."""
    (found,) = fault_evidence(story.history())
    return found.acted, found.why
