"""What the services of this app refuse, as problems."""

from collections.abc import Iterator
from contextlib import contextmanager

from accounts.rest.problems import conflict, invalid
from connections.preset_services import PresetInUse
from connections.presets import InvalidPreset
from connections.services import InvalidConnection


@contextmanager
def refusals(*, within: str = "") -> Iterator[None]:
    """Name the field that a service refused; ``within`` is the field of the body that holds a preset's values."""
    try:
        yield
    except InvalidConnection as error:
        raise invalid(error.field, str(error)) from None
    except InvalidPreset as error:
        is_inside = within and error.field not in ("name", "description")
        raise invalid(f"{within}.{error.field}"[:120] if is_inside else error.field, str(error)) from None
    except PresetInUse as error:
        raise conflict("PRESET_IN_USE", error) from None
