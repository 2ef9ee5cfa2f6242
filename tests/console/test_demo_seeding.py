"""The demo's people and accounts, made once and left alone afterwards."""

import pytest

from connections import services as connections
from connections.models import ExecutionConnection
from console.demo.cast import Stage
from console.demo.seeding import Seeded, seed
from core.clock import now
from marketdata.models import Instrument
from tests.venue_process import RunningVenue

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


def seeded(venue: RunningVenue) -> Seeded:
    return seed(venue_url=venue.url, clock=now, stage=Stage())


def requests_of(venue: RunningVenue) -> dict[str, int]:
    return {endpoint: count for endpoint, count in venue.admin.requests().items() if "/admin/" not in endpoint}


class TestSeedingAgain:
    def test_changes_nothing_and_asks_the_venue_for_nothing(self, venue: RunningVenue) -> None:
        """A run that was killed and started at once may find the request budget used up."""
        first = seeded(venue)
        counted = ExecutionConnection.objects.count(), Instrument.objects.count()
        asked = requests_of(venue)

        again = seeded(venue)

        assert {each.pk for each in again.connections.values()} == {each.pk for each in first.connections.values()}
        assert (ExecutionConnection.objects.count(), Instrument.objects.count()) == counted
        assert requests_of(venue) == asked

    def test_leaves_the_account_that_somebody_resumed(self, venue: RunningVenue) -> None:
        paused = seeded(venue).connections["paused"]
        connections.resume(connection=paused, actor=paused.owner, now=now())

        seeded(venue)

        paused.refresh_from_db()
        assert paused.is_active
