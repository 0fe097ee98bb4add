"""The address of Postgres, in libpq's words as services hand it out: asyncpg reads them, SQLAlchemy's own parser does not."""

from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

SCHEMES = ("postgresql+asyncpg", "postgresql", "postgres")
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
SESSIONS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
WORDS = ("host", "port", "user", "password", "dbname", "sslmode", *FILES, "target_session_attrs")


def checked(url: str) -> str:
    """The address, if it is one. Raises ValueError with the words for what would be right."""
    if not url.isprintable() or " " in url:
        raise ValueError("should hold no spaces; write them as %20")
    try:
        parsed = urlsplit(url)
        words = _words(url)
    except ValueError:
        raise ValueError("should be postgresql+asyncpg://user:password@host:5432/database") from None
    if parsed.scheme not in SCHEMES or not url.startswith(f"{parsed.scheme}://"):
        raise ValueError("should begin with postgresql+asyncpg://")
    if parsed.netloc.count("@") > 1 or parsed.fragment or "/" in parsed.path[1:]:
        raise ValueError("should write @, / and # in a password as %40, %2F and %23")
    _check_ports([*_ports_of(parsed.netloc), *(words["port"].split(",") if "port" in words else [])])
    _check_words(words)
    return url


def dsn(url: str) -> str:
    """What `asyncpg.connect` takes."""
    parsed = urlsplit(url)
    return parsed._replace(scheme="postgresql", query=urlencode(_words(url))).geturl()


def _words(url: str) -> dict[str, str]:
    """`ssl` is what SQLAlchemy's users write for libpq's `sslmode`."""
    query = urlsplit(url).query
    given = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    return {{"ssl": "sslmode"}.get(word, word): value for word, value in given}


def _ports_of(netloc: str) -> list[str]:
    """The port of each host, as in `host1:5432,host2:5432`; an IPv6 address stands in brackets."""
    hosts = netloc.rpartition("@")[2].split(",")
    return [port for host in hosts if (port := host.rpartition("]")[2].partition(":")[2]) or host.endswith(":")]


def _check_ports(ports: list[str]) -> None:
    if any(not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536) for port in ports):
        raise ValueError("should name ports as numbers from 1 to 65535")


def _check_words(words: dict[str, str]) -> None:
    if unknown := sorted(words.keys() - set(WORDS)):
        named = "".join(each for each in unknown[0][:30] if each.isalnum() or each == "_")
        raise ValueError(f"should not say {named!r} after the ?; known are {', '.join(WORDS)}")
    if empty := sorted(word for word, value in words.items() if not value):
        raise ValueError(f"should say something of {empty[0]}, or leave it away")
    if words.get("sslmode", "prefer") not in MODES:
        raise ValueError(f"should have an sslmode of {', '.join(MODES)}")
    if words.get("target_session_attrs", "any") not in SESSIONS:
        raise ValueError(f"should have a target_session_attrs of {', '.join(SESSIONS)}")
    if lost := [word for word in FILES if word in words and not Path(words[word]).is_file()]:
        raise ValueError(f"should name a file that is there as {lost[0]}")
    if words.get("sslmode", "").startswith("verify") and "sslrootcert" not in words:
        raise ValueError("should name the authority's certificate as sslrootcert, since its sslmode verifies")
