"""A rule that a partner may write has a field in their door and on the form that rehearses it, each with its words."""

from dataclasses import fields

from starlette.datastructures import FormData

from api.console.pages.rehearsals import read_form
from api.partner.product_rules import ProductRules, ProductRulesInput
from domain.market.rule_inputs import INPUTS


def test_every_rule_can_be_written_read_and_rehearsed() -> None:
    assert [{field.name for field in fields(each)} for each in (ProductRules, ProductRulesInput)] == [set(INPUTS)] * 2
    assert read_form(FormData()).keys() > set(INPUTS)
