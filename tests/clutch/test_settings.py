from pathlib import Path

import pytest

from clutch.errors import InvalidInput
from clutch.settings import Settings, settings

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_without_an_environment_it_is_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CLUTCH_{name.upper()}", raising=False)
    chosen = settings()
    assert chosen.environment == "development"
    assert chosen.data_directory == Path(".clutch")
    assert (chosen.database_url, chosen.service_key) == (None, None)
    assert (chosen.host, chosen.port, chosen.workers) == ("127.0.0.1", 8000, 1)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "9000", 9000),
        ("environment", "production", "production"),
        ("data_directory", "/srv/clutch", Path("/srv/clutch")),
        ("database_url", "postgres://db/clutch", "postgresql+psycopg://db/clutch"),
        ("database_url", "postgresql://db/clutch", "postgresql+psycopg://db/clutch"),
        ("database_owner_url", "postgresql+psycopg://db/x", "postgresql+psycopg://db/x"),
        ("database_url", "", None),
        ("road_engine_url", "http://roads:8002/", "http://roads:8002"),
        ("payment_return_url", "http://localhost:3000/paid?a=1", "http://localhost:3000/paid?a=1"),
        ("payment_return_url", "clutch-app://paid", "clutch-app://paid"),
    ],
)
def test_each_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(f"CLUTCH_{name.upper()}", text)
    assert getattr(settings(), name) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PORT", "http", "CLUTCH_PORT: expected a port number, 1 to 65535, found http"),
        ("PORT", "65536", "CLUTCH_PORT: expected a port number, 1 to 65535, found 65536"),
        ("WORKERS", "0", "CLUTCH_WORKERS: expected a whole number, 1 to 256, found 0"),
        (
            "ENVIRONMENT",
            "staging",
            "CLUTCH_ENVIRONMENT: expected development or production, found staging",
        ),
        (
            "ROAD_ENGINE_URL",
            "roads",
            "CLUTCH_ROAD_ENGINE_URL: expected a URL such as http://localhost:8002, found roads",
        ),
        ("SERVICE_KEY", "short", "CLUTCH_SERVICE_KEY: expected 16 characters or more"),
        (
            "WEBHOOK_KEYS",
            f"{'n' * 32} short",
            "CLUTCH_WEBHOOK_KEYS: expected keys of 32 characters or more with spaces between,"
            " the newest first",
        ),
        (
            "DATABASE_URL",
            "mysql://root:secret@db/x",
            "CLUTCH_DATABASE_URL: expected a URL such as "
            "postgresql://user:password@host:5432/clutch",
        ),
    ],
)
def test_a_wrong_value_is_named_in_one_line_without_secrets(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, message: str
) -> None:
    monkeypatch.setenv(f"CLUTCH_{name}", text)
    with pytest.raises(InvalidInput) as refused:
        settings()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "url",
    [
        "paid",
        "https://",
        "javascript://shop.test/%0aalert(1)",
        "https://mona:secret@shop.test/paid",
        "https://shop.test/paid#done",
        "https://shop.test/paid\r\nSet-Cookie: a=b",
    ],
)
def test_customers_are_not_sent_back_to_just_anything(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("CLUTCH_PAYMENT_RETURN_URL", url)
    with pytest.raises(InvalidInput, match="CLUTCH_PAYMENT_RETURN_URL: expected a URL") as refused:
        settings()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://shop.test/paid", True),
        ("clutch-app://paid", True),
        ("http://shop.test/paid", False),
    ],
)
def test_in_production_a_web_page_to_come_back_to_has_tls(
    monkeypatch: pytest.MonkeyPatch, url: str, taken: bool
) -> None:
    monkeypatch.setenv("CLUTCH_ENVIRONMENT", "production")
    monkeypatch.setenv("CLUTCH_PAYMENT_RETURN_URL", url)
    if taken:
        assert settings().payment_return_url == url
    else:
        with pytest.raises(InvalidInput, match="https in production"):
            settings()


def test_they_never_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_secrets_do_not_show() -> None:
    chosen = Settings(
        service_key="0123456789abcdef",
        database_url="postgresql://app:hidden@db/clutch",
    )
    assert "hidden" not in repr(chosen)
    assert "0123456789abcdef" not in repr(chosen)


def test_every_setting_is_documented() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`CLUTCH_{name.upper()}`" not in text] == []
