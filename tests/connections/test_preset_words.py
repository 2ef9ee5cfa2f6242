"""Values of a preset as pages show them."""

from decimal import Decimal

from connections.forms import told
from connections.preset_specs import BY_NAME
from connections.rows import value_rows


class TestTold:
    def test_says_all_where_an_empty_list_allows_everything(self) -> None:
        assert told(BY_NAME["allowed_symbols"], ()) == "all"

    def test_says_none_where_an_empty_list_forbids_nothing(self) -> None:
        assert told(BY_NAME["excluded_symbols"], ()) == "none"

    def test_shows_what_is_set(self) -> None:
        assert told(BY_NAME["size"], Decimal("2.50")) == "2.5"

    def test_holds_for_every_row_of_the_page(self) -> None:
        rows = {row.label: row.value for row in value_rows([])}

        assert (rows["Only these symbols"], rows["Never these symbols"]) == ("all", "none")
