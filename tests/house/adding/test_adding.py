"""What is often added is added in a copy of the sources, in no other files than its check-list names, and is then there."""

import re

import pytest

from tests.house.adding.additions import ADDITIONS, Addition
from tests.house.adding.scratch import Scratch
from tests.house.test_readmes import check_lists


@pytest.fixture(scope="module")
def touched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The files of each addition, all of which are made in one copy."""
    house = Scratch(tmp_path_factory.mktemp("scratch"))
    files: dict[str, list[str]] = {}
    for each in ADDITIONS:
        each.make(house)
        files[each.heading], house.touched = house.touched, []
    assert house.run({each.heading: each.is_whole for each in ADDITIONS}) == {}
    return files


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda each: each.heading)
def test_it_takes_no_file_that_its_check_list_does_not_name(touched: dict[str, list[str]], addition: Addition) -> None:
    steps = " ".join(check_lists()[addition.heading])
    named = [re.escape(place) for place in re.findall(r"[\w./<>-]+\.\w+", steps)]
    places = re.compile("(.*/)?(" + re.sub("<.*?>", r"\\w+", "|".join(named)) + ")")
    took = [file for file in touched[addition.heading] if file != addition.beside]
    assert [file for file in took if not places.fullmatch(file)] == []
