"""Why points changed, and what leads to the next grade: to the point, and from the model that scores."""

from typing import Any

from tests.clocks import Clock
from tests.phones import Answer, Phone

CHANGE = "{ viewer { score { points basePoints change { before after parts { code points message } } } } }"
PATH = """{ viewer { score { grade points reasons { code message } }
    pathToGrade { target pointsNeeded reaches steps { code message points grade } } } }"""


async def changed(phone: Phone) -> tuple[int, Answer | None]:
    await phone.settle()
    score = (await phone.ask(CHANGE))["viewer"]["score"]
    return score["points"], score["change"]


def points_by_code(change: Any) -> dict[str, int]:
    return {part["code"]: part["points"] for part in change["parts"]}


class TestAReceipt:
    async def test_is_not_there_for_the_first_score(self, member: Phone) -> None:
        await member.link("wechat")
        assert (await changed(member))[1] is None

    async def test_says_what_a_new_account_changed(self, member: Phone) -> None:
        await member.link("wechat")
        before, _ = await changed(member)
        await member.link("taobao")
        after, change = await changed(member)
        assert change is not None
        assert (change["before"], change["after"]) == (before, after)
        assert points_by_code(change) == {"YOU_CHANGED": after - before, "SOURCE_EXPIRED": 0, "MODEL_CHANGED": 0}
        assert change["parts"][0]["message"] == f"What we know about you changed: {after - before:+d} points."

    async def test_says_that_unlinking_was_the_person_s_own_doing(self, member: Phone) -> None:
        await member.link("wechat")
        account = await member.link("taobao")
        before, _ = await changed(member)
        await member.do("UnlinkAccount", linkedAccountId=account["id"])
        after, change = await changed(member)
        assert change is not None
        assert points_by_code(change) == {"YOU_CHANGED": after - before, "SOURCE_EXPIRED": 0, "MODEL_CHANGED": 0}

    async def test_tells_apart_what_grew_too_old(self, member: Phone, clock: Clock) -> None:
        await member.link("wechat")
        await member.link("taobao")
        before, _ = await changed(member)
        await clock.forward(days=190)
        await member.sign_in()
        await member.link("oidc")
        after, change = await changed(member)
        assert change is not None
        parts = points_by_code(change)
        assert change["before"] == before
        assert before + sum(parts.values()) == after
        assert parts["SOURCE_EXPIRED"] < 0
        assert parts["MODEL_CHANGED"] == 0


class TestThePath:
    async def test_is_walked_by_the_model_that_scores(self, member: Phone) -> None:
        await member.link("taobao", "gig-driver")
        await member.link("oidc", "gig-driver")
        await member.settle()
        viewer = (await member.ask(PATH))["viewer"]
        path = viewer["pathToGrade"]
        assert path["target"] == chr(ord(viewer["score"]["grade"]) - 1)
        assert 1 <= len(path["steps"]) <= 3
        points = [viewer["score"]["points"], *(step["points"] for step in path["steps"])]
        assert points == sorted(set(points))
        assert path["reaches"] == (points[-1] >= path["pointsNeeded"])
        assert len(viewer["score"]["reasons"]) <= 4

    async def test_ends_at_the_best_grade(self, regular: Phone) -> None:
        viewer = (await regular.ask(PATH))["viewer"]
        if viewer["score"]["grade"] == "A":
            assert viewer["pathToGrade"] is None
        else:
            assert viewer["pathToGrade"]["target"] < viewer["score"]["grade"]

    async def test_is_not_there_without_a_score(self, member: Phone) -> None:
        viewer = (await member.ask(PATH))["viewer"]
        assert viewer == {"score": None, "pathToGrade": None}
