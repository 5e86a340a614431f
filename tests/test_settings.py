from __future__ import annotations

import stat
from pathlib import Path

import pytest

from badgefed.errors import SettingsError
from badgefed.settings import KNOWN, Settings, load_settings

SECRET = "0123456789abcdef0123456789abcdef"


def load(folder: Path, **variables: str) -> Settings:
    environment = {"BADGEFED_DATA_DIR": str(folder)} | {
        f"BADGEFED_{name}": value for name, value in variables.items()
    }
    return load_settings(environment)


def test_defaults_serve_on_loopback_from_sqlite(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{tmp_path / 'badgefed.db'}"
    assert settings.smtp_url is None
    assert settings.mail_from == "badges@badgefed.localhost"
    assert not settings.allow_private_network


def test_the_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = load(tmp_path).secret_key
    assert len(first) == 64
    assert load(tmp_path).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_a_given_secret_key_is_not_written(tmp_path: Path) -> None:
    assert load(tmp_path, SECRET_KEY=SECRET).secret_key == SECRET
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BASE_URL", "badges.example", "must be an origin"),
        ("BASE_URL", "https://badges.example/sub", "without a path"),
        ("BASE_URL", "http://badges.example", "must be https"),
        ("BASE_URL", "https://user@badges.example", "must be an origin"),
        ("BASE_URL", "https://badges.example:99999", "must be an origin"),
        ("ALLOW_PRIVATE_NETWORK", "yes", "must be 1 or 0"),
        ("DATABASE_URL", "mysql://host/name", "sqlite:///"),
        ("SECRET_KEY", "short", "at least 32 characters"),
        ("SMTP_URL", "mail.example", "smtp://"),
        ("MAIL_FROM", "nobody", "must be an address"),
        ("MAIL_FROM", "nobody@nowhere", "must be an address"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("LOG_FORMAT", "xml", "one of text, json"),
        ("EMBEDDED_WORKER", "2", "must be 1 or 0"),
        ("LEASE_SECONDS", "0", "from 1 to 3600"),
        ("LEASE_SECONDS", "٣", "from 1 to 3600"),
        ("DELIVERY_TIMEOUT_SECONDS", "90", "at least twice"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "must be addresses or networks"),
        ("KNOWN_ISSUERS", "school.example,not a host", "must be host names or issuers' ids"),
        ("DNS_SERVERS", "192.0.2.1,dns.example", "must be addresses"),
        ("DNS_SERVERS", "192.0.2.1:70000", "must be addresses"),
        ("DNS_SERVERS", "[2001:db8::1]:", "must be addresses"),
        ("BASE_ULR", "x", "none of this program's variables"),
    ],
)
def test_a_bad_variable_is_named_with_what_would_be_right(
    tmp_path: Path, name: str, value: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: value})
    assert len(caught.value.problems) == 1
    assert words in str(caught.value)
    assert name.removesuffix("_SECONDS").removeprefix("DELIVERY_TIMEOUT") in str(caught.value)


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:DB8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_name_servers_are_addresses_with_ports(tmp_path: Path, value: str, server: tuple[str, int]) -> None:
    settings = load(tmp_path, DNS_SERVERS=f"{value}, 198.51.100.1")
    assert settings.dns_servers == (server, ("198.51.100.1", 53))


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, BASE_URL="x", LOG_LEVEL="y", SMTP_URL="z", TYPO="1")
    assert len(caught.value.problems) == 4


def test_an_unwritable_data_folder_is_named() -> None:
    with pytest.raises(SettingsError, match="BADGEFED_DATA_DIR"):
        load_settings({"BADGEFED_DATA_DIR": "/proc/nowhere", "BADGEFED_SECRET_KEY": SECRET})


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://[::1]:8000", "https://badges.example"])
def test_good_origins(tmp_path: Path, base: str) -> None:
    assert load(tmp_path, BASE_URL=base + "/").base_url == base


def test_http_is_allowed_in_a_private_network(tmp_path: Path) -> None:
    settings = load(tmp_path, BASE_URL="http://badges.lan", ALLOW_PRIVATE_NETWORK="1")
    assert settings.base_url == "http://badges.lan"


def test_known_issuers(tmp_path: Path) -> None:
    settings = load(tmp_path, KNOWN_ISSUERS="School.example, did:web:art.example:Prints,https://a.example/I")
    assert settings.known_issuers == {"school.example", "did:web:art.example:Prints", "https://a.example/I"}


def test_no_secret_is_shown(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        SECRET_KEY=SECRET,
        SMTP_URL="smtp://me:hunter2secret@mail.example",
        DATABASE_URL="postgresql://me:hunter3secret@db/name",
    )
    assert "hunter" not in repr(settings)
    assert SECRET not in repr(settings)


def test_every_variable_is_documented() -> None:
    documented = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
    assert [name for name in sorted(KNOWN) if f"`{name}`" not in documented] == []
