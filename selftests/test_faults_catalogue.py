"""The catalogue covers every fault that a plan can name, and says what each means."""

import pytest

from deliverycheck.plans import Direction, FaultKind
from faults import FAULTS, DirectionRule, Target, toxics_of
from faults.catalogue import _MODULES


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_of_a_link_is_in_the_catalogue(kind):
    assert FAULTS[kind].acts_on == {Target.LINK}


@pytest.mark.parametrize("name", ["kill", "pause"])
def test_faults_of_processes_act_on_workers_and_nodes(name):
    assert FAULTS[name].acts_on == {Target.WORKER, Target.NODE}


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.FAULT.name)
def test_every_fault_says_how_it_is_injected_verified_healed_and_what_it_means(module):
    for heading in ("Injected", "Verified", "Healed", "For delivery"):
        assert f"\n{heading}" in module.__doc__
    assert module.FAULT.consequence
    assert module.__name__ == f"faults.{module.FAULT.name}"


@pytest.mark.parametrize("kind", FaultKind)
def test_no_fault_puts_two_toxics_of_one_name_on_a_proxy(kind):
    required = FAULTS[kind].rule is DirectionRule.REQUIRED
    toxics = toxics_of(kind, Direction.BOTH if required else None)
    assert len({toxic.name for toxic in toxics}) == len(toxics)
    assert toxics or FAULTS[kind].disables
