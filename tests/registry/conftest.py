"""What several tests of the registry begin with."""

from __future__ import annotations

import pytest

from services.office import Office
from services.registry.access import Actor
from services.registry.companies import CompanyView
from tests.registry.branch import Family
from tests.registry.branch import family as make


@pytest.fixture
def family(office: Office, actor: Actor, company: CompanyView) -> Family:
    """A headquarters with a branch, and a user who sees the branch only."""
    return make(office, actor, company)
