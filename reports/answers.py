"""The first thing that a page says: one sentence for each system."""

import msgspec

from deliverycheck.plans.campaign import Campaign
from reports import words


def answers_of(campaign: Campaign) -> tuple[str, ...]:
    """The answer for each system, in the order of its targets."""
    return tuple(words.answer_of(one) for one in _by_system(campaign))


def _by_system(campaign: Campaign) -> tuple[Campaign, ...]:
    """The campaign against each system alone; its executions are not told apart."""
    if len(campaign.targets) == 1:
        return (campaign,)
    parts = []
    for target in campaign.targets:
        results = tuple(one for one in campaign.results if one.claim.system == target.system)
        claims = {one.claim.id for one in results}
        parts.append(
            msgspec.structs.replace(
                campaign,
                target=target,
                further=(),
                results=results,
                violations=tuple(one for one in campaign.violations if one.claim in claims),
                executions=sum(one.executions for one in results),
            )
        )
    return tuple(parts)
