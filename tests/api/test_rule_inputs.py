"""A rule that a partner may write has a field in each door and on the form that rehearses it."""

from dataclasses import fields

from api.console.pages.rehearsals import RULES
from api.partner.products import ProductRules, ProductRulesInput
from domain.market.rule_inputs import INPUTS


def test_every_rule_can_be_written_read_and_rehearsed() -> None:
    assert [{field.name for field in fields(each)} for each in (ProductRules, ProductRulesInput)] == [set(INPUTS)] * 2
    assert set(RULES) == set(INPUTS)
