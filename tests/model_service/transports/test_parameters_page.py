"""Every parameter on every way to a model: carried, refused by its name, or said to be left out; never just gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.model_service.transports import parameters_page
from tests.model_service.transports.parameters_page import GONE, LEFT_OUT, PARAMETERS, TARGETS

from model_service.errors import UnsupportedParameter
from model_service.transports.call import DroppedParameters

PAGE = Path(__file__).resolve().parents[3] / "docs" / "parameters.md"


def test_the_page_says_what_happens():
    assert PAGE.read_text() == parameters_page.page()


def test_nothing_is_gone_without_a_trace():
    rows = parameters_page.parameter_rows() + parameters_page.content_rows()

    assert not [(title, name) for title, cells in rows for name, (what, _) in cells.items() if what == GONE]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.title)
def test_what_would_be_left_out_is_refused_where_the_caller_wants_that(target):
    for name, value, beside in PARAMETERS:
        body = {**beside, name: value}
        if parameters_page.outcome(target, body, beside, name)[0] == LEFT_OUT:
            with pytest.raises(UnsupportedParameter) as caught:
                parameters_page.sent(target, body, DroppedParameters(refuses=True))
            assert caught.value.status == 400
            assert caught.value.param in (name, *beside)
