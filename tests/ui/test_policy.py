"""The content policy in a real browser: the page lives within it, an attack does not, and no part of it is idle."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.ui
WATCH = """() => {
  window.broken = [];
  document.addEventListener('securitypolicyviolation', (event) => window.broken.push(event.effectiveDirective));
}"""
BASE = "document.head.prepend(Object.assign(document.createElement('base'), {href: 'https://example.org/'}))"
SCRIPT = "const s = document.createElement('script'); s.text = 'window.hit = 1'; document.body.append(s)"


def test_the_page_lives_within_its_policy(open_page, server):
    """A whole visit: charts drawn, a run, the settings; the fixture also fails for any error in the console."""
    page = open_page(server)
    page.js(WATCH)
    page.page.fill("#prompt textarea", "Hello")
    page.page.fill("#field-max_new_tokens input", "8")
    page.page.press("#field-max_new_tokens input", "Tab")
    page.page.click("#run")
    page.until("document.querySelector('#status').innerText.includes('passes')")
    page.tab("time")
    assert page.js("window.broken") == []


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        (SCRIPT, "script-src-elem"),
        ("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')", "script-src-attr"),
        ("document.body.append(Object.assign(new Image(), {src: 'https://example.org/x.png'}))", "img-src"),
        ("fetch('https://example.org/?prompt').catch(() => 0)", "connect-src"),
        ("document.body.insertAdjacentHTML('beforeend', '<iframe src=\"/config\"></iframe>')", "frame-src"),
        (BASE, "base-uri"),
    ],
    ids=lambda value: value if "-" in value and " " not in value else "",
)
def test_an_injected_thing_does_nothing(browser, server, attack, directive):
    page = browser.new_page()
    page.goto(server)
    page.evaluate(WATCH)
    page.evaluate(f"() => {{ {attack} }}")
    page.wait_for_function(f"window.broken.includes('{directive}')", timeout=60_000)
    assert page.evaluate("window.hit") is None
    page.close()


@pytest.mark.parametrize("allowed", ["'unsafe-eval'", "'unsafe-inline'"])
def test_what_the_policy_allows_is_needed(browser, server, allowed):
    """Without it, the page breaks its policy: so the day it is no longer needed, this says so."""
    page = browser.new_page()

    def stricter(route):
        reply = route.fetch()
        policy = reply.headers["content-security-policy"]
        assert allowed in policy
        route.fulfill(response=reply, headers=reply.headers | {"content-security-policy": policy.replace(allowed, "")})

    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.route(server, stricter)
    page.goto(server)
    for _ in range(600):
        if any("Content Security Policy" in text for text in said):
            break
        page.wait_for_timeout(200)
    assert any("Content Security Policy" in text for text in said), said
    page.close()
