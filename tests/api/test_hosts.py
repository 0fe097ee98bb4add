"""For whom a request may be: nobody is sent to a host that a request names, and other names may be refused."""

import httpx2
import pytest

from api.main import make_app
from infra.settings import settings

EVIL = {"host": "evil.example"}


def client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=make_app()), base_url="http://api.example.com")


@pytest.mark.parametrize(
    "path",
    [
        "/graphql/",
        "/partner/graphql/",
        "/console/graphql/",
        "/console/",
        "/console",
        "/console/tiers",
        "/console/sign-in/",
        "/console/static",
        "/graphiql/static",
        "/oauth/token/",
        "/healthz/",
        "//evil.example/graphql/",
        "/",
    ],
)
async def test_nobody_is_sent_to_the_host_that_a_request_names(path: str) -> None:
    async with client() as http:
        for method in ("GET", "POST"):
            response = await http.request(method, path, headers=EVIL)
            assert "evil" not in response.headers.get("location", "")
            assert not response.headers.get("location", "").startswith("http")


@pytest.mark.parametrize("path", ["/graphql/", "/console/sign-in/", "/oauth/token/"])
async def test_a_slash_too_many_is_another_address(path: str) -> None:
    async with client() as http:
        assert (await http.post(path, headers=EVIL)).status_code == 404


async def test_other_names_may_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "allowed_hosts", ["api.example.com", "*.probes.example"])
    async with client() as http:
        for host, status in (
            ("api.example.com", 200),
            ("API.example.com:8000", 200),
            ("a.probes.example", 200),
            ("evil.example", 400),
            ("api.example.com.evil.example", 400),
            ("", 400),
            ("[", 400),
        ):
            assert (await http.get("/healthz", headers={"host": host})).status_code == status, host


@pytest.mark.parametrize("host", ["[", "[::1", "]", "a:b:c", "a@b", "%", "ü".encode(), b"\xff", " ", ","])
@pytest.mark.parametrize("path", ["/", "/dev/messages", "/console/sign-in", "/console/tiers", "/healthz", "/nowhere"])
async def test_an_odd_name_fails_nowhere(host: str | bytes, path: str) -> None:
    async with client() as http:
        raw = host if isinstance(host, bytes) else host.encode()
        response = await http.get(path, headers=[(b"host", raw), (b"origin", b"http://" + raw)])
        assert response.status_code < 500


@pytest.mark.parametrize(
    ("public_url", "seconds", "told"),
    [
        ("https://api.example.com", 31_536_000, "max-age=31536000"),
        ("https://api.example.com", 0, None),
        ("http://127.0.0.1:8000", 31_536_000, None),
    ],
)
async def test_browsers_keep_to_https_where_the_house_does(
    monkeypatch: pytest.MonkeyPatch, public_url: str, seconds: int, told: str | None
) -> None:
    monkeypatch.setattr(settings(), "public_url", public_url)
    monkeypatch.setattr(settings(), "hsts_seconds", seconds)
    async with client() as http:
        for path in ("/healthz", "/graphql", "/console/sign-in", "/nowhere"):
            assert (await http.get(path)).headers.get("strict-transport-security") == told


async def test_the_consoles_headers_stay() -> None:
    async with client() as http:
        headers = (await http.get("/console/sign-in", headers=EVIL)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "same-origin"
