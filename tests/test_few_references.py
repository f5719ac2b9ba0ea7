"""A small catalogue is no blindfold: what a server says of strangers must not hide what it does with known records."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest

from contracts.finding import Verdict
from sandbox.catalogue import load_catalogue
from sandbox.settings import Settings
from tests.inprocess import Conducted

SIZES = (1, 3, 12)


@pytest.fixture(params=SIZES)
def few(request: pytest.FixtureRequest) -> Iterator[int]:
    """The harness knows so many of the sandbox's references."""
    count: int = request.param
    with patch("tests.inprocess.load_catalogue", lambda: sorted(load_catalogue())[:count]):
        yield count


@pytest.mark.parametrize("dialects", [(), ("whole-batch-422",), ("unknown-reference-422",)])
def test_an_honest_server_is_not_blamed(few: int, dialects: tuple[str, ...]) -> None:
    conducted = Conducted(Settings(dialects=dialects))
    assert conducted.broken == (), conducted.told()
    assert few == 1 or conducted.verdict is Verdict.HELD, conducted.told()


@pytest.mark.parametrize("defect", ["quantity-as-text", "nested-object-500", "half-hour-offset-refused"])
def test_a_defect_of_known_records_shows(few: int, defect: str) -> None:
    assert few == 1 or Conducted(Settings(defect=defect)).verdict is Verdict.BROKEN
