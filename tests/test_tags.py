"""The pages that hashtags in posts lead to."""

from __future__ import annotations

import pytest

from badgefed.issuing.badges import NewBadge, create_badge
from badgefed.protocol.raster import render_png
from badgefed.store.badges import list_badges_with_hashtag
from badgefed.work.services import Services
from tests.conftest import World
from tests.html_pages import browse, check_page
from tests.test_pages import grant_badge

PICTURE = render_png('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>', size=40)


async def define(services: Services, world: World, title: str, hashtags: str, *, posts: bool = True) -> int:
    new = NewBadge(
        title=title, description="d", criteria="c", hashtags=hashtags, post_hashtags=posts, image=PICTURE
    )
    return (await create_badge(services, issuer=world.issuer, new=new)).id


async def test_a_hashtag_leads_to_the_public_badges_that_carry_it(services: Services, world: World) -> None:
    badge_id = await define(services, world, "Speaker", "#PyCon #talks")
    await grant_badge(services, world, badge_id=badge_id, name="Amara Okafor")
    async with browse(services) as client:
        response = await client.get("/tags/pycon")
    page = check_page(response)
    assert "Amara Okafor" in page.text
    assert "#pycon" in page.text


@pytest.mark.parametrize("name", ["py", "silent", "p_con", "%", "pycon'", "\\", "x" * 101])
async def test_other_words_lead_nowhere(services: Services, world: World, name: str) -> None:
    await define(services, world, "Speaker", "#pycon")
    await define(services, world, "Quiet", "#silent", posts=False)
    async with browse(services) as client:
        response = await client.get(f"/tags/{name}")
    assert response.status_code == 404


async def test_a_hashtag_is_found_as_a_whole_word(any_services: Services, any_world: World) -> None:
    wanted = await define(any_services, any_world, "A", "#a_b, c")
    await define(any_services, any_world, "B", "axb abc")
    found = await list_badges_with_hashtag(any_services.database, "A_B", limit=10)
    assert [badge.id for badge in found] == [wanted]
