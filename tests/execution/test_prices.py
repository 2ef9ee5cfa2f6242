"""An entry learns its price."""

import pytest

from connections.budget import Priority, priority
from execution import context
from tests.execution.stage import SPOT, Stage


def test_the_question_for_a_price_is_part_of_the_entry(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Housekeeping may have used its share of the requests up; an entry still learns its price."""
    stage.open_account(SPOT)
    spent_as: list[Priority] = []
    ask = context.quotes.current_quotes

    def watched(**arguments: object) -> object:
        spent_as.append(priority.get())
        return ask(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(context.quotes, "current_quotes", watched)
    stage.trade()

    assert set(spent_as) == {Priority.ENTRY}
