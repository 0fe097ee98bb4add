"""Requests of strangers, by one seed: every door, every shape of body, odd headers; and what an answer may look like."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from tests.api.fuzz.documents import ODD, SCHEMAS, Writer
from tests.api.fuzz.house import NUMBER

DOORS = {"/graphql": "app", "/partner/graphql": "partner", "/console/graphql": "console"}
PAGES = [
    "/console",
    "/console/sign-in",
    "/console/sign-out",
    "/console/tiers",
    "/console/products",
    "/console/products.csv",
    "/console/products/groups",
    "/console/products/groups.csv",
    "/console/watch.csv",
    "/console/products/%00",
    "/console/products/019abcde-0000-7000-8000-000000000000",
    "/console/products/x/rehearse",
    "/console/reviews",
    "/console/reviews/x",
    "/console/watch",
    "/console/watch/count",
    "/console/matching",
    "/console/static/console.css",
    "/console/static/..%2f..%2fhome.py",
    "/console/static/%00",
    "/console/static/" + "x" * 300,
    "/console/static/%ff",
]
OTHERS = [
    "/healthz",
    "/.well-known/oauth-authorization-server",
    "/nowhere",
    "/graphql/",
    "//",
    "/%00",
    "/graphql%2f",
    "/%ff",
]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Asked:
    method: str
    path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes

    def written(self, number: int = 0) -> bytes:
        target = f"{self.path}?{self.query}" if self.query else self.path
        head = [
            f"{self.method} {target} HTTP/1.1",
            "Connection: close",
            f"{NUMBER}: {number}",
            f"Content-Length: {len(self.body)}",
        ]
        head += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(head).encode("utf-8", "surrogatepass") + b"\r\n\r\n" + self.body


class Stranger:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.writers = {door: Writer(self.random, SCHEMAS[name]) for door, name in DOORS.items()}

    def requests(self, count: int) -> Iterator[Asked]:
        for _ in range(count):
            yield self.random.choices(
                [self.at_a_door, self.for_a_token, self.at_the_console, self.elsewhere], [14, 2, 3, 1]
            )[0]()

    def at_a_door(self) -> Asked:
        door = self.random.choices(list(DOORS), [8, 1, 1])[0]
        text = self.writers[door].document()
        body = self.request_of(text)
        if self.random.random() < 0.15 and isinstance(body, dict):
            told = {name: value if isinstance(value, str) else dumped(value).decode() for name, value in body.items()}
            query = urlencode(told, errors="replace")[:60_000]
            return Asked("GET", door, query, self.headers(None), b"")
        kind = self.random.choices([JSON, "application/json; charset=utf-8", FORM, "text/plain", ""], [20, 2, 1, 1, 1])[
            0
        ]
        method = self.random.choices(["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "GET"], [40, 1, 1, 1, 1, 1])[0]
        return Asked(method, door, "", self.headers(kind), self.spoiled(dumped(body)))

    def request_of(self, text: str) -> Any:
        body: dict[str, Any] = {"query": text}
        if self.random.random() < 0.5:
            body["variables"] = self.random.choice(
                [self.anything(4), {"a": self.anything(3), "input": self.anything(3)}]
            )
        if self.random.random() < 0.2:
            body["operationName"] = self.random.choice(["A", "", "A" * 100_000, "\0", None, 1, [], "é"])
        if self.random.random() < 0.2:
            persisted = {"version": 1, "sha256Hash": self.random.choice(["0" * 64, "x", None, "0" * 63 + "é"])}
            body["extensions"] = self.random.choice(
                [None, {}, [], {"persistedQuery": persisted}, {"persistedQuery": None}]
            )
        if self.random.random() < 0.05:
            body["documentId"] = self.random.choice(["sha256:" + "0" * 64, "x", 1, ""])
        if self.random.random() < 0.05:
            return [body] * self.random.choice([0, 1, 50])
        if self.random.random() < 0.03:
            return self.anything(5)
        return body

    def anything(self, deep: int) -> Any:
        pick = self.random.randrange(13)
        if deep > 0 and pick < 4:
            return {self.word(): self.anything(deep - 1) for _ in range(self.random.choice([0, 1, 3]))}
        if deep > 0 and pick < 6:
            return [self.anything(deep - 1) for _ in range(self.random.choice([0, 1, 3]))]
        if pick == 6:
            return {f"v{n}": n for n in range(self.random.choice([10, 4_999, 6_000]))}
        if pick == 7:
            return [[]] * self.random.choice([10, 4_999, 30_000])
        return self.random.choice(
            [None, True, 0, -1, 2**53, 1e308, 0.1, "", "x", "\0", "😀" * 50, "x" * 50_000, 2**63 - 1]
        )

    def word(self) -> str:
        return self.random.choice(["a", "input", "phone", "id", "first", "__proto__", "", "\0", "é", "x" * 300])

    def spoiled(self, body: bytes) -> bytes:
        if self.random.random() < 0.85:
            return body
        at = self.random.randrange(len(body) + 1)
        return self.random.choice(
            [
                b"",
                body[:at],
                body[:at] + b"\xff" + body[at:],
                body[:at] + b"\0" + body[at:],
                b"\xef\xbb\xbf" + body,
                b"[" * self.random.choice([10, 100_000, 199_999]),
                b'{"query":' * self.random.choice([10, 20_000]),
                b'{"query":"{__typename}","variables":{"a":' + b"9" * 150_000 + b"}}",
                b'{"query":"{__typename}",' + b'"a":1,' * 20_000 + b'"b":1}',
                body + b" " * 190_000,
                body + b" " * 250_000,
                body + body,
            ]
        )

    def headers(self, kind: str | None) -> list[tuple[str, str]]:
        given = [("Host", self.random.choice(["127.0.0.1", "127.0.0.1", "evil.example", "[", "", "ü"]))]
        given += [("Content-Type", kind)] if kind else []
        address = ".".join(str(self.random.randint(1, 250)) for _ in range(4))
        forwarded = [
            address,
            address,
            f"{address}, {address}",
            "x",
            "::1",
            "[2001:db8::1]:80",
            "2001:db8::%eth0",
            ",,",
            "1" * 500,
        ]
        given.append(("X-Forwarded-For", self.random.choice(forwarded)))
        given += [each for each in self.odd_headers() if self.random.random() < 0.12]
        return given

    def odd_headers(self) -> list[tuple[str, str]]:
        pick = self.random.choice
        return [
            (
                "Authorization",
                pick(["Bearer x", "Bearer", "Basic eDp5", "Basic !", "x" * 9_000, "Bearer " + "é", "Bearer a.b.c"]),
            ),
            (
                "Accept",
                pick(["application/graphql-response+json", "text/html", "*/*", ",;,", "image/png", "multipart/mixed"]),
            ),
            ("Accept-Language", pick(["en", "zh;q=0", "en;q=x", "," * 5_000, "*", "é"])),
            ("If-None-Match", pick(["*", 'W/"x"', '"', "," * 5_000])),
            (
                "Cookie",
                pick(
                    [
                        "longan_console=x",
                        "longan_console=\xe9",
                        "longan_console_form=x; a",
                        ";" * 3_000,
                        "=",
                        "longan_console=",
                    ]
                ),
            ),
            ("Origin", pick(["https://evil.example", "null", "[", "http://["])),
            ("Range", pick(["bytes=0-1", "bytes=-1", "bytes=9-1", "bytes=" + "0-1," * 900, "x"])),
            ("If-Range", pick(['"x"', "x", "Wed, 21 Oct 2015 07:28:00 GMT"])),
            ("If-Modified-Since", pick(["x", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Foo 99999 07:28:00 GMT"])),
            ("Content-Encoding", pick(["gzip", "br", "x"])),
            ("Expect", pick(["100-continue", "x"])),
            ("X-Request-Id", pick(["x", "x" * 3_000])),
            ("HX-Request", "true"),
            ("X-" + "a" * pick([1, 900]), pick(["", "x" * 9_000, "é"])),
        ]

    def for_a_token(self) -> Asked:
        words = ["client_credentials", "password", "x", "\0", "é", "", "x" * 600, "a" * 9_000]
        names = ["grant_type", "client_id", "client_secret", "scope", "x"]
        form = urlencode(
            [(self.random.choice(names), self.random.choice(words)) for _ in range(self.random.choice([0, 3, 4, 90]))]
        )
        if self.random.random() < 0.5:
            form = urlencode(
                {"grant_type": "client_credentials", "client_id": self.random.choice(words), "client_secret": "x"}
            )
        headers = self.headers(self.random.choice([FORM, FORM, JSON, "multipart/form-data; boundary=x", ""]))
        if self.random.random() < 0.3:
            pair = f"{self.random.choice(words)}:{self.random.choice(words)}".encode()
            headers.append(("Authorization", "Basic " + base64.b64encode(pair).decode()))
        return Asked(
            self.random.choice(["POST"] * 9 + ["GET"]), "/oauth/token", "", headers, self.spoiled(form.encode())
        )

    def at_the_console(self) -> Asked:
        words = ["a@example.com", "", "\0", "x", "é", "123456", "x" * 600, "%", "😀"]
        said: dict[str, Any] = {
            name: self.random.choice(words) for name in ("email", "password", "totp", "form_token", "next")
        }
        if self.random.random() < 0.4:
            said[self.random.choice(list(said))] = self.anything(2)
            method = self.random.choice(["POST", "POST", "DELETE", "GET"])
            return Asked(method, "/console/session", "", self.headers(JSON), self.spoiled(dumped(said)))
        path = self.random.choice(PAGES)
        if self.random.random() < 0.5:
            query = quote(f"next={self.random.choice(words)}&{self.random.choice(ODD)}", safe="=&", errors="replace")
            return Asked("GET", path, query, self.headers(None), b"")
        kind = self.random.choice([FORM, "multipart/form-data; boundary=x", "multipart/form-data", JSON])
        body = urlencode(said, errors="replace").encode() if kind == FORM else self.multipart()
        return Asked("POST", path, "", [*self.headers(kind), ("Cookie", "longan_console_form=x")], self.spoiled(body))

    def multipart(self) -> bytes:
        part = b'--x\r\nContent-Disposition: form-data; name="email"%s\r\n\r\nvalue\r\n'
        odd = self.random.choice([b"", b'; filename="\0"', b'; filename="x"', b"; name", b"\r\nContent-Type: \xff"])
        return part % odd * self.random.choice([1, 3, 200]) + self.random.choice([b"--x--\r\n", b"", b"--y--"])

    def elsewhere(self) -> Asked:
        method = self.random.choice(["GET", "POST", "HEAD", "TRACE", "PATCH"])
        return Asked(method, self.random.choice(OTHERS), "", self.headers(None), b"")


def dumped(value: Any) -> bytes:
    """JSON, also of lone surrogates."""
    import json

    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass
class Answer:
    status: int
    kind: str
    body: bytes

    @classmethod
    def of(cls, raw: bytes) -> "Answer":
        head, _, body = raw.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        told = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        return cls(int(status.split(" ")[1]), told.get("content-type", "").split(";")[0], body)


def why_not(asked: Asked, answer: Answer) -> str | None:
    """What is wrong with an answer, if anything is."""
    if answer.status >= 500:
        return "it failed"
    if b"Traceback" in answer.body or b'File "' in answer.body:
        return "it tells a traceback"
    if answer.kind == "text/plain":
        # What is no request, too great, or no address of ours: said by the server, before any door.
        short = answer.status in {400, 404, 405, 413, 416, 421} and len(answer.body) < 200
        return None if short or asked.path in {"/healthz", "/metrics"} else "its words are too many for plain text"
    if asked.method == "HEAD" or answer.status in {204, 303, 304}:
        return None if not answer.body else "it has a body"
    if asked.path in DOORS:
        return _wrong_in_graphql(answer) if answer.kind != "text/html" else None
    if asked.path in {"/oauth/token", "/console/session"}:
        return None if answer.kind == JSON and b'"error' in answer.body else "it is no error in JSON"
    if asked.path.startswith("/console"):
        return None if answer.kind in {"text/html", "text/css", "text/csv"} else f"it is {answer.kind}"
    return None if answer.kind in {JSON, "text/html"} else f"it is {answer.kind}"


def _wrong_in_graphql(answer: Answer) -> str | None:
    if answer.kind not in {JSON, "application/graphql-response+json"}:
        return f"it is {answer.kind}"
    said = orjson.loads(answer.body)
    if not isinstance(said, dict) or not set(said) <= {"data", "errors", "extensions"}:
        return "it has another shape"
    errors = said.get("errors", [])
    if "data" not in said and not errors:
        return "it says nothing"
    return next((f"{error} has another shape" for error in errors if not _is_error(error)), None)


def _is_error(error: Any) -> bool:
    extensions = error.get("extensions", {})
    return (
        isinstance(error.get("message"), str)
        and {"code", "requestId"} <= set(extensions)
        and extensions["code"] != "INTERNAL"
    )
