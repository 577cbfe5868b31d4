"""The pages' templates mean what they mean in Jinja, of whose language they use a part."""

from pathlib import Path
from typing import Any

import jinja2
import pytest

from brygga_sandbox.pages import HERE
from brygga_sandbox.templating import Templates

VALUES: dict[str, Any] = {
    "name": "Skål & <fat>",
    "rows": [{"id": 1, "label": "S"}, {"id": 2, "label": "'M'"}],
    "pairs": {"a": 1, "b": 2},
    "none_here": None,
    "price": "9.50",
    "number": 3,
    "empty": [],
}
SNIPPETS = [
    "{{ name }}|{{ rows[1].label }}|{{ number + 1 }}|{{ none_here }}",
    "{% if number > 2 and not empty %}a{% elif name %}b{% else %}c{% endif %}",
    "{% if number == 1 %}a{% elif number in (2, 3) %}b{% endif %}{% if none_here is none %}n{% endif %}",  # noqa: E501
    "{% if gone is defined %}a{% else %}b{% endif %}{% if name is not none %}c{% endif %}",
    "{% for row in rows %}{{ row.label }}{% if not loop.last %}, {% endif %}{% endfor %}",
    "{% for row in rows if row.id > 1 %}{{ loop.index }}{{ loop.first }}{% else %}none{% endfor %}",
    "{% for row in empty %}x{% else %}none{% endfor %}{% for k, v in pairs.items() %}{{ k }}{{ v }}{% endfor %}",  # noqa: E501
    "{% set text = name ~ '-' ~ number %}{{ text }}{% for n in range(3) %}{{ n }}{% endfor %}",
    "{% macro cell(a, b='<i>') %}<td>{{ a }}{{ b }}</td>{% endmacro %}{{ cell(name) }}{{ cell(1, 2) }}",  # noqa: E501
    "{{ price|replace('.', ',') if number else '–' }}{{ rows|length }}{{ (rows|length) - 1 }}",
    "{{ pairs|tojson }}{{ name|urlencode }}{{ pairs|urlencode }}{{ gone|default('x') }}",
    "{{ ['b', 'a']|sort|join('; ') }}{{ '%g'|format(1.50) }}{{ ('2'|int) == 2 }}{{ true }}",
    "<p>\n  {% if number %}\n  in\n  {% endif %}\n</p>\n",
]


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_template_reads_as_in_jinja(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    theirs = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)

    assert theirs.from_string(text).render(**VALUES) == Templates(tmp_path).render(
        "page.html", VALUES
    )


def test_a_page_fills_the_blocks_of_what_it_builds_on(tmp_path: Path) -> None:
    base = "<h1>{% block title %}plain{% endblock %}</h1>{% block main %}{% endblock %}"
    page = (
        '{% extends "base.html" %}{% macro m(a) %}[{{ a }}]{% endmacro %}'
        "{% block main %}{{ m(name) }}{% endblock %}"
    )
    for file, text in (("base.html", base), ("page.html", page)):
        (tmp_path / file).write_text(text, encoding="utf-8")

    said = Templates(tmp_path).render("page.html", VALUES)
    assert said == "<h1>plain</h1>[Skål &amp; &lt;fat&gt;]"


@pytest.mark.parametrize("text", ["{{ gone }}", "{{ name.gone }}", "{% if gone %}x{% endif %}"])
def test_an_unknown_name_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    with pytest.raises((NameError, KeyError, TypeError)):
        Templates(tmp_path).render("page.html", VALUES)


def test_every_page_can_be_read() -> None:
    templates = Templates(HERE / "templates")
    names = sorted(path.name for path in (HERE / "templates").glob("*.html"))

    assert [name for name in names if templates.get(name) is None] == []
    assert len(names) > 15
