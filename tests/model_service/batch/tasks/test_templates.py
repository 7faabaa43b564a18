"""Templates: what they put in and with which type, what they refuse, and that a record can do nothing to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_service.batch.tasks.expressions import Expression, TemplateError
from model_service.batch.tasks.templates import MAX_TEMPLATE_BYTES, Template
from model_service.errors import InvalidRequest

VIEW = {
    "source": "streaming",
    "id": "streaming/prompts/0/41-1",
    "key": None,
    "offset": 41,
    "text": "as it came",
    "value": {"text": "Grüße {{ id }}", "n": 3, "half": 0.5, "yes": True, "none": None, "tags": ["a", {"b": None}]},
}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        pytest.param("no braces { here }", "no braces { here }", id="a text without expressions"),
        pytest.param("{{ value.text }}", "Grüße {{ id }}", id="a text"),
        pytest.param("{{value.n}}", 3, id="a number keeps its type"),
        pytest.param("{{ value.yes }}", True, id="a flag keeps its type"),
        pytest.param("{{ value.tags }}", ["a", {"b": None}], id="a list keeps its type"),
        pytest.param("{{ value.n }} ", "3 ", id="in a longer text a number is as JSON has it"),
        pytest.param("{{ value.half }}/{{ value.yes }}", "0.5/true", id="and so is a flag"),
        pytest.param("tags: {{ value.tags }}", 'tags: ["a",{"b":null}]', id="and a list, compactly"),
        pytest.param("{{ key || id }}", "streaming/prompts/0/41-1", id="a default"),
        pytest.param("{{ value.x || 'none }} at all' }}", "none }} at all", id="braces in a text of JMESPath"),
        pytest.param('{{ value."n" }}', 3, id="a name in quotes"),
        pytest.param('{{ value.x || `{"a": "}}"}` }}', {"a": "}}"}, id="braces in a JSON literal"),
        pytest.param("{{ {a: {b: offset}} }}", {"a": {"b": 41}}, id="braces of JMESPath's own"),
        pytest.param("{{ '{{' }} id }}", "{{ id }}", id="literal braces"),
        pytest.param("{{ 'it\\'s' }}", "it's", id="a quote in a text"),
        pytest.param("{{ `0` }}", 0, id="a zero is not nothing"),
        pytest.param("{{ value.missing || `false` }}", False, id="nor is false"),
        pytest.param({"a": ["{{ offset }}", None, 2.5]}, {"a": [41, None, 2.5]}, id="inside of other values"),
        pytest.param("{{ length(value.tags) }}", 2, id="a function"),
    ],
)
def test_a_template_becomes(template: Any, rendered: Any) -> None:
    assert Template.compile(template).render(VIEW) == rendered


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ offset }}", "41"),
        ("{{ value.text }}", "Grüße {{ id }}"),
        ("a/{{ offset }}", "a/41"),
        ("{{ value.yes }}", "true"),
    ],
)
def test_a_name_is_always_a_text(template: str, text: str) -> None:
    assert Template.compile(template).text(VIEW) == text


@pytest.mark.parametrize(
    ("template", "path", "problem"),
    [
        pytest.param("{{ valu.text }}", (), "'valu' is unknown; a record has bucket, ", id="a name with a typo"),
        pytest.param("{{ @.valu }}", (), "'valu' is unknown", id="however it is written"),
        pytest.param({"a": ["", "{{ x }}"]}, ("a", 1), "'x' is unknown", id="deep inside"),
        pytest.param("{{ value ==  }}", (), "is not JMESPath: it ends too early", id="half an expression"),
        pytest.param("{{ value ! }}", (), "is not JMESPath: '!' cannot stand at column 7", id="a wrong character"),
        pytest.param("{{ value # }}", (), "is not JMESPath: Unknown token # at column 7", id="an unknown character"),
        pytest.param("{{ }}", (), "there is no expression", id="nothing"),
        pytest.param("a {{ value", (), "{{ is not closed by }}", id="not closed"),
        pytest.param("{{ text } }}", (), "{{ is not closed by }}", id="closed by half"),
        pytest.param("{{ 'text }}", (), "{{ is not closed by }}", id="a text that is not closed"),
        pytest.param("{{ upper(text) }}", (), "upper() is unknown; there are abs, ", id="a function that is none"),
        pytest.param("{{ length(text, id) }}", (), "length() takes 1 arguments, not 2", id="too many arguments"),
        pytest.param("{{ value.x == null }}", (), "the value is `null`", id="a constant without its quotes"),
        pytest.param("{{ `de` }}", (), "the value in ` ` must be JSON", id="a text in the wrong quotes"),
        pytest.param("{{ `NaN` }}", (), "the value in ` ` must be JSON", id="a number that is none"),
        pytest.param("{{ value[0" + "9" * 5000 + "] }}", (), "a number that is too long", id="an endless number"),
        pytest.param("{{ " + "(" * 5000 + " }}", (), "is nested too deeply", id="brackets without end"),
        pytest.param("{{ " + "||".join(["id"] * 5000) + " }}", (), "is nested too deeply", id="a chain without end"),
        pytest.param({"{{ id }}": 1}, ("{{ id }}",), "a name in an object cannot be a template", id="a name"),
    ],
)
def test_a_template_that_cannot_work_is_refused_before_the_first_record(template: Any, path: Any, problem: str) -> None:
    with pytest.raises(TemplateError) as caught:
        Template.compile(template)
    assert problem in str(caught.value)
    assert caught.value.path == path


def test_what_is_nested_without_end_is_refused() -> None:
    value: Any = "{{ id }}"
    for _ in range(5000):
        value = [value]
    with pytest.raises(TemplateError, match="is nested too deeply"):
        Template.compile(value)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        pytest.param("value.missing", "finds nothing in this record", id="nothing there"),
        pytest.param("key", "finds nothing in this record", id="null"),
        pytest.param("abs(value.text)", "abs() takes no string", id="the wrong type"),
        pytest.param(
            "contains(value.text, offset)", "cannot be evaluated for this record", id="two that do not go together"
        ),
        pytest.param("to_number('1e999')", "finds a value that JSON does not have", id="an infinite number"),
        pytest.param("[&text]", "finds a value that JSON does not have", id="an expression"),
        pytest.param("sort_by(value.tags, &@)", "sort_by() takes no object", id="a list of everything"),
    ],
)
def test_what_cannot_be_filled_names_the_expression_and_never_quotes_the_record(expression: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Template.compile({"a": f"x {{{{ {expression} }}}}"}).render(VIEW)
    assert (caught.value.code, caught.value.param, caught.value.status) == ("template_error", expression, 400)
    assert problem in caught.value.message
    assert "Grüße" not in json.dumps(caught.value.body(), ensure_ascii=False)


def test_a_record_cannot_blow_a_template_up() -> None:
    template = Template.compile(["{{ text }}", "{{ text }}", {"a": "{{ value }} {{ text }}"}])
    quarter = MAX_TEMPLATE_BYTES // 4
    assert template.render({"text": "x" * quarter, "value": 1})[2]["a"].endswith("x")
    for view in ({"text": "ü" * quarter, "value": 1}, {"text": "x", "value": ["x" * MAX_TEMPLATE_BYTES]}):
        with pytest.raises(InvalidRequest, match=f"more than {MAX_TEMPLATE_BYTES} bytes"):
            template.render(view)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("value.text", {"value"}),
        ("@.content", {"content"}),
        ("@ | content", {"content"}),
        ("value | content.foo", {"value"}),
        ("value[*].content", {"value"}),
        ("value[?content == 'a'].id", {"value"}),
        ("[content, {key: id}]", {"content", "id"}),
        ("map(&content, value) || to_string(text)", {"value", "text"}),
        ("value.content[0].text | [0]", {"value"}),
        ("!content && value[1:2]", {"content", "value"}),
        ("*.content", set()),
        ("values(@)[]", set()),
    ],
)
def test_the_names_of_a_template_are_those_of_the_record_not_of_what_is_inside(
    expression: str, names: set[str]
) -> None:
    assert Template.compile([f"a {{{{ {expression} }}}}"]).names == names


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("value.text", True),
        ("value.n == `3`", True),
        ("`0`", True),
        ("value.missing", False),
        ("key", False),
        ("''", False),
        ("`[]`", False),
        ("`{}`", False),
        ("value.n > `3`", False),
        ("value.tags[?b]", False),
    ],
)
def test_a_condition_holds_by_the_rules_of_jmespath(expression: str, holds: bool) -> None:
    assert Expression.compile(expression).holds(VIEW) is holds


def test_a_template_changes_nothing_of_the_record_and_can_be_filled_again() -> None:
    template = Template.compile({"messages": [{"content": "{{ value.text }}"}], "stop": ["a"]})
    first = template.render(VIEW)
    first["stop"].append("b")
    first["messages"].clear()
    assert template.render(VIEW) == {"messages": [{"content": "Grüße {{ id }}"}], "stop": ["a"]}


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["{{ id }}", "}}", "{{"])
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
FORMS = """
value text value.a value[0] value[*].a value[?a=='b'] value[::-1] value<text !value * keys(value) sum(value)
length(value) join(',',value) to_number(text) to_string(value) sort(value) max_by(value,&a) abs(value)
contains(value,text) avg(value) reverse(value) merge(value,value) ceil(value) [value,text] {a:value}
"""


@settings(deadline=None)
@given(expression=st.sampled_from(FORMS.split()), value=JSON, text=st.text())
def test_whatever_a_record_says_a_template_is_filled_or_the_record_is_at_fault(
    expression: str, value: Any, text: str
) -> None:
    try:
        rendered = Template.compile({"a": f"{{{{ {expression} }}}}", "b": f"b{{{{ {expression} }}}}"}).render(
            {"id": "secret", "value": value, "text": text}
        )
    except InvalidRequest as error:
        assert error.code == "template_error"
    else:
        json.dumps(rendered, allow_nan=False)
        assert rendered["b"].startswith("b")


@settings(deadline=None)
@given(text=st.text())
def test_nothing_that_a_record_says_is_evaluated(text: str) -> None:
    view = {"id": "the-id", "value": {"a": text + "{{ id }}"}, "text": text}
    assert Template.compile("{{ value.a }}").render(view) == text + "{{ id }}"
    assert Template.compile("<{{ value.a }}{{ text }}>").render(view) == f"<{text}{{{{ id }}}}{text}>"
