"""Old events leave the table for files, and the chain still proves every one of them."""

import gzip
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core.clock import now
from events import archiving, sealing, services
from events.archiving import DamagedArchive
from events.catalogue import Kind
from events.models import Delivery, DeliveryStatus, Event, EventArchive
from events.tasks import run_prune_deliveries_job
from tests.people import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _listener(monkeypatch: pytest.MonkeyPatch) -> None:
    """One durable sink wants to know of fills."""
    monkeypatch.setattr(services, "_sinks", {})
    services.register("ledger", [Kind.ORDER_FILLED], lambda ids: None)


def write(count: int, *, days_ago: float = 400, kind: Kind = Kind.CONNECTION_PAUSED) -> list[int]:
    at = NOON - timedelta(days=days_ago)
    return services.append_many(
        [services.NewEvent(kind, "x", str(number), at, data={"é": [1.5, None]}) for number in range(count)]
    )


def archive(folder: Path, *, rows: int = 1000) -> list[tuple[int, int]]:
    found = archiving.archive(before=NOON - timedelta(days=365), folder=folder, now=NOON, rows=rows)
    return [(each.first_sequence, each.last_sequence) for each in found]


def holds() -> int:
    *_, last = sealing.verify()
    assert isinstance(last, int), last
    return last


class TestArchive:
    def test_moves_what_is_old_and_leaves_what_is_young(self, tmp_path: Path) -> None:
        write(3)
        write(2, days_ago=1)
        sealing.seal()

        assert archive(tmp_path) == [(1, 3)]

        assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == [4, 5]
        assert [path.name for path in tmp_path.iterdir()] == ["events-000000000001-000000000003.jsonl.gz"]

    def test_leaves_a_chain_that_holds_and_goes_on(self, tmp_path: Path) -> None:
        write(5)
        sealing.seal()
        assert archive(tmp_path, rows=2) == [(1, 2), (3, 4), (5, 5)]
        assert not Event.objects.exists()

        write(2)
        sealing.seal()

        assert holds() == 7
        assert [breach for _, breach in archiving.verify_files(tmp_path)] == [None, None, None]

    def test_stops_at_what_is_unsealed_or_not_delivered_yet(self, tmp_path: Path) -> None:
        write(1)
        waiting = write(1, kind=Kind.ORDER_FILLED)
        write(1)
        sealing.seal()
        write(1)

        assert archive(tmp_path) == [(1, 1)]
        services.mark_done("ledger", waiting)
        assert archive(tmp_path) == [(2, 3)]

        assert Event.objects.get().sequence is None

    def test_has_nothing_to_do_in_a_young_log(self, tmp_path: Path) -> None:
        write(3, days_ago=1)
        sealing.seal()

        assert archive(tmp_path / "none") == []
        assert not (tmp_path / "none").exists()

    def test_deletes_nothing_when_the_file_cannot_be_read_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(3)
        sealing.seal()
        monkeypatch.setattr(archiving, "_read", lambda path: ["something else"])

        with pytest.raises(DamagedArchive, match="no event was deleted"):
            archive(tmp_path)

        assert (Event.objects.count(), EventArchive.objects.count()) == (3, 0)

    def test_refuses_to_archive_a_chain_that_is_broken(self, tmp_path: Path) -> None:
        write(3)
        sealing.seal()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("UPDATE events_event SET kind = 'x' WHERE sequence = 2")
            cursor.execute("SET LOCAL session_replication_role = origin")

        with pytest.raises(DamagedArchive, match=r"Event number 2 .* was changed"):
            archive(tmp_path)

        assert Event.objects.count() == 3


class TestRows:
    def test_of_archives_are_never_changed_or_deleted(self, tmp_path: Path) -> None:
        write(1)
        sealing.seal()
        archive(tmp_path)

        for statement in ("UPDATE events_eventarchive SET last_hash = ''", "DELETE FROM events_eventarchive"):
            with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
                connection.cursor().execute(statement)


class TestVerifyFiles:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        write(3)
        sealing.seal()
        archive(tmp_path)
        (path,) = tmp_path.iterdir()
        return path

    def test_finds_a_file_that_was_changed(self, file: Path) -> None:
        text = gzip.decompress(file.read_bytes()).decode()
        file.write_bytes(gzip.compress(text.replace("connection.paused", "connection.resumed").encode()))

        with pytest.raises(DamagedArchive, match="not the file that was written"):
            list(archiving.verify_files(file.parent))

    @pytest.mark.parametrize("harm", ["missing", "cut", "garbage"])
    def test_finds_a_file_that_cannot_be_read(self, file: Path, harm: str) -> None:
        if harm == "missing":
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[:-20] if harm == "cut" else b"garbage")

        with pytest.raises(DamagedArchive, match="cannot be read"):
            list(archiving.verify_files(file.parent))


class TestCommands:
    def test_archive_and_prove(self, tmp_path: Path) -> None:
        services.append(services.NewEvent(Kind.CONNECTION_PAUSED, "x", "1", now() - timedelta(days=400)))
        sealing.seal()
        out = StringIO()

        call_command("archive_events", to=tmp_path, stdout=out)
        call_command("verify_events", archives=tmp_path, stdout=out)
        call_command("verify_events", stdout=out)

        assert "1 events from before" in out.getvalue()
        assert "events-000000000001-000000000001.jsonl.gz holds" in out.getvalue()
        assert "1 events are in 1 archives, not checked here" in out.getvalue()

    @pytest.mark.parametrize(("days", "words"), [(29, "at least 30"), (10**9, "calendar")])
    def test_refuses_a_span_that_makes_no_sense(self, tmp_path: Path, days: int, words: str) -> None:
        with pytest.raises(CommandError, match=words):
            call_command("archive_events", to=tmp_path, days=days)

    def test_says_when_the_folder_cannot_be_written_to(self, tmp_path: Path) -> None:
        services.append(services.NewEvent(Kind.CONNECTION_PAUSED, "x", "1", now() - timedelta(days=400)))
        sealing.seal()
        (tmp_path / "file").touch()

        with pytest.raises(CommandError, match="file"):
            call_command("archive_events", to=tmp_path / "file" / "in")
        assert Event.objects.count() == 1


class TestPruneDeliveries:
    def test_forgets_what_was_done_long_ago_and_nothing_else(self) -> None:
        long_ago, pending, lately = (
            services.append(services.NewEvent(Kind.ORDER_FILLED, "x", "1", now() - timedelta(days=days)))
            for days in (8, 8, 6)
        )
        services.mark_done("ledger", [long_ago, lately])

        assert run_prune_deliveries_job() == 1

        left = Delivery.objects.order_by("pk").values_list("event_id", "status")
        assert list(left) == [(pending, DeliveryStatus.PENDING), (lately, DeliveryStatus.DONE)]
