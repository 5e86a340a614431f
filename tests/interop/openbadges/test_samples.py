"""What others' verifiers and ours say of the published samples."""

from __future__ import annotations

import pytest

from badgefed.work.services import Services
from tests.interop.openbadges import library, ours
from tests.interop.openbadges.answers import Answer, Fetch, Verdict
from tests.interop.openbadges.digitalbazaar import DigitalBazaar
from tests.interop.openbadges.samples import DATA, Web, list_files, read_samples
from tests.interop.openbadges.table import DIGITAL_BAZAAR, LIBRARY, OURS, Row, outdated, render, unexplained

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} with the samples is missing")


async def test_each_disagreement_is_explained(
    digital_bazaar: DigitalBazaar, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    web = Web()
    rows = []
    for sample in read_samples():
        presented, fetch = sample.presented, web.around(sample)
        answers = {
            DIGITAL_BAZAAR: ask_digital_bazaar(digital_bazaar, presented, fetch),
            LIBRARY: library.verify(presented, fetch),
            OURS: await ours.verify(services, presented, fetch),
        }
        rows.append(Row(sample=sample, answers=answers))
    with capsys.disabled():
        print(f"\n{render(rows)}\n")
    assert unexplained(rows) == []
    assert outdated(rows) == []


def test_every_sample_is_in_the_table() -> None:
    assert {sample.name for sample in read_samples()} == list_files()


def ask_digital_bazaar(verifier: DigitalBazaar, presented: bytes, fetch: Fetch) -> Answer:
    """It reads no pictures: it gets what another verifier found in them, the credential where there is one."""
    try:
        texts = library.unbake(presented)
    except ValueError as error:
        return Answer(verdict=Verdict.REFUSED, reason=str(error))
    return verifier.verify(texts[-1].encode(), fetch)
