from __future__ import annotations

from collections.abc import Iterator

import pytest

from badgefed.model.times import HOUR, system_clock
from tests.interop.npm import CannotInstall
from tests.interop.openbadges import digitalbazaar, library
from tests.interop.openbadges.answers import Verify
from tests.interop.openbadges.digitalbazaar import DigitalBazaar
from tests.world import Clock


@pytest.fixture(scope="session")
def digital_bazaar() -> Iterator[DigitalBazaar]:
    """The running program."""
    try:
        program = digitalbazaar.install()
    except CannotInstall as reason:
        pytest.skip(
            f"the JavaScript verifier can't be installed, so credentials are NOT tested with it: {reason}"
        )
    verifier = digitalbazaar.start(program)
    yield verifier
    digitalbazaar.stop(verifier)


@pytest.fixture(params=["Digital Bazaar", "openbadgeslib"])
def verify(request: pytest.FixtureRequest) -> Verify:
    """Each of the two in turn."""
    if request.param == "openbadgeslib":
        return library.verify
    program: DigitalBazaar = request.getfixturevalue("digital_bazaar")
    return program.verify


@pytest.fixture
def clock() -> Clock:
    """An hour ago by the machine's clock, which is the verifiers' clock."""
    return Clock(now=system_clock() - HOUR)
