"""The playground in a real browser: it chats, shows what served it, runs nothing of others, and fits a telephone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mock_oci.fn.stack import LocalStack

from .chromium import PROGRAM, Page, chromium

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROGRAM is None, reason="chromium, which CI has, is not installed")]

ROOT = Path(__file__).resolve().parents[2]
LLAMA = "meta.llama-3.3-70b-instruct"
FILE = {"prices": {"models": {LLAMA: {"input": 0.72, "output": 0.72}}}}
CONFIG = {"MODEL_SERVICE_PLAYGROUND": "1", "MODEL_SERVICE_CONFIG": json.dumps(FILE)}
IDLE = "!document.getElementById('send').disabled"
LISTED = "document.querySelectorAll('#model option').length > 3"


@pytest.fixture(scope="module")
def served() -> Iterator[LocalStack]:
    with LocalStack(ROOT, config=CONFIG, page="/v1/playground", live=True) as stack:
        yield stack


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("chromium")
    with chromium(folder) as page:
        yield page
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def page(served: LocalStack, tab: Page) -> Iterator[Page]:
    tab.events.clear()
    tab.go(served.gateway.url, LISTED)
    yield tab
    told = [event["params"] for event in tab.events if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")]
    assert [entry for entry in told if entry.get("entry", {}).get("level") != "verbose"] == []


def ask(page: Page, text: str) -> list[str]:
    """Return the messages that are shown after one more has been answered."""
    page.run(f"document.getElementById('prompt').value = {json.dumps(text)}")
    before = page.run("document.querySelectorAll('.message').length")
    page.run("document.getElementById('form').requestSubmit()")
    page.wait(f"document.querySelectorAll('.message').length >= {before + 2} && {IDLE}")
    shown: list[str] = page.run("[...document.querySelectorAll('.message span')].map((one) => one.textContent)")
    return shown


def facts(page: Page) -> dict[str, str]:
    rows: dict[str, str] = page.run(
        "Object.fromEntries([...document.querySelectorAll('#facts dt')].map((dt) =>"
        " [dt.textContent, dt.nextSibling.textContent]))"
    )
    return rows


@pytest.mark.parametrize("stream", [True, False])
def test_a_message_is_answered_and_what_served_it_is_shown(page: Page, stream: bool) -> None:
    page.run(f"document.getElementById('stream').checked = {str(stream).lower()}")
    assert LLAMA in ask(page, "Why do functions sleep?")[-1]
    shown = facts(page)
    assert (shown["Route"], shown["Model"], shown["Status"]) == ("v1", LLAMA, "200")
    assert shown["Tokens"].endswith("out")
    assert shown["Cost"].endswith(" USD")
    times = page.run("[...document.querySelectorAll('#bars li span:first-child')].map((one) => one.textContent)")
    assert {"function: call", "to the headers", "to the first text", "in all"} <= set(times)
    ask(page, "And then?")
    assert page.run("document.querySelectorAll('.message').length") == 4


def test_what_a_model_says_is_text_and_never_markup(page: Page, served: LocalStack) -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    served.oci.script.chat(evil)
    assert ask(page, "x")[-1] == evil
    assert page.run("window.hacked === undefined && !document.querySelector('#talk img, #talk script')")


def test_a_tool_and_an_image_are_sent(page: Page, served: LocalStack) -> None:
    page.run("document.getElementById('tools').click()")
    page.run(
        "(() => { const data = new DataTransfer();"
        " data.items.add(new File([new Uint8Array([137, 80, 78, 71])], 'a.png', {type: 'image/png'}));"
        " document.getElementById('image').files = data.files; })()"
    )
    page.run("document.getElementById('model').value = 'meta.llama-4-scout-17b-16e-instruct'")
    ask(page, "What is it?")
    chats = [json.loads(request.body) for request in served.oci.requests if request.path.endswith("chat/completions")]
    assert chats[-1]["tools"][0]["function"]["name"] == "get_weather"
    assert chats[-1]["messages"][-1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


@pytest.mark.parametrize("index", ["1", "1e9", '"__proto__"'])
def test_calls_are_shown_wherever_a_server_begins_to_count(page: Page, index: str) -> None:
    call = f'{{"tool_calls": [{{"index": {index}, "id": "c1", "function": {{"name": "f", "arguments": "{{}}"}}}}]}}'
    page.run(f"window.given = {{content: '', calls: []}}; take({call}, given); take({call}, given)")
    assert page.run("text(given)") == "→ ff({}{})"
    assert page.run("given.calls.length") == 1
    assert page.run("[].id === undefined")


def test_an_error_is_shown_as_one(page: Page, served: LocalStack) -> None:
    served.oci.script.error(400, "InvalidParameter", path="/openai/v1/chat/completions")
    ask(page, "x")
    assert page.run("document.querySelector('.message.error span').textContent.length > 0")
    page.events.clear()  # the console tells of a 400 as well


def test_the_request_is_shown_as_curl_and_python(page: Page) -> None:
    page.run("document.getElementById('prompt').value = \"it's true, null\"")
    page.run("document.getElementById('prompt').dispatchEvent(new Event('input', {bubbles: true}))")
    code = page.run("document.getElementById('python').textContent")
    compile(code, "python", "exec")
    assert '"content": "it\'s true, null"' in code
    assert '"stream": True' in code
    assert page.run("document.getElementById('curl').textContent").startswith("curl -N 'http://127.0.0.1:")
    assert "it'\\''s true" in page.run("document.getElementById('curl').textContent")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_and_can_be_read(page: Page, width: int, dark: bool) -> None:
    page.show(width, dark=dark)
    ask(page, "x" * 300)
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.run(CONTRAST) >= 4.5  # WCAG 2.2, 1.4.3
    assert page.run("[...document.querySelectorAll('button')].every((one) => one.offsetHeight >= 44)")
    assert page.picture().startswith(b"\x89PNG")


def test_everything_that_can_be_used_has_a_name(page: Page) -> None:
    nodes = page.do("Accessibility.getFullAXTree")["nodes"]
    used = [node for node in nodes if node["role"]["value"] in ("button", "combobox", "textbox", "checkbox")]
    assert len(used) >= 8
    assert [node for node in used if not node["name"]["value"]] == []


def test_the_page_needs_no_key_and_is_off_unless_it_is_switched_on() -> None:
    with LocalStack(ROOT, config={}, live=True) as stack:
        reply = httpx.get(f"{stack.gateway.url}/v1/playground", trust_env=False)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_path")


CONTRAST = """(() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const back = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const named = "h1,h2,h3,label,dt,dd,button:enabled,.message b,.message span,#bars span,pre";
  const texts = [...document.querySelectorAll(named)];
  return Math.min(...texts.map((one) => {
    const pair = [light(getComputedStyle(one).color), light(back(one))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  }));
})()"""
