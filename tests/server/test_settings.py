"""Settings come from the environment; whatever is wrong with them is told at once and by name."""

from pathlib import Path

import pytest

from server.demo.running import LOOPBACK, demo_settings
from server.settings import CHOICES, PREFIX, BadSetting, Settings, described_settings, read_settings


def troubles(**environment: str) -> str:
    with pytest.raises(BadSetting) as trouble:
        read_settings(environment)
    return str(trouble.value)


def test_an_empty_environment_gives_what_is_safe() -> None:
    given = read_settings({})

    assert given == Settings()
    assert (given.mode, given.is_demo, given.host, given.port) == ("production", False, "127.0.0.1", 8000)
    assert (given.mongodb_uri, given.firebase_project, given.data_key) == ("", "", "")


def test_every_setting_is_read() -> None:
    given = read_settings(
        {
            "LIANHU_MODE": "demo",
            "LIANHU_HOST": "::1",
            "LIANHU_PORT": "0",
            "LIANHU_METRICS_PORT": "9100",
            "LIANHU_MONGODB_URI": "mongodb://db.example/?replicaSet=one",
            "LIANHU_MONGODB_DATABASE": "town",
            "LIANHU_MONGODB_DRIVER": "motor",
            "LIANHU_FIREBASE_PROJECT": "demo-town",
            "LIANHU_DATA_KEY": "keys/data",
            "LIANHU_DATA_DIR": "elsewhere/data",
            "LIANHU_LOG_FORMAT": "json",
            "LIANHU_ALLOWED_ORIGINS": "https://desk.example, https://other.example ,",
            "PATH": "/usr/bin",
        }
    )

    assert given == Settings(
        mode="demo",
        host="::1",
        port=0,
        metrics_port=9100,
        mongodb_uri="mongodb://db.example/?replicaSet=one",
        mongodb_database="town",
        mongodb_driver="motor",
        firebase_project="demo-town",
        data_key="keys/data",
        data_dir=Path("elsewhere/data"),
        log_format="json",
        allowed_origins=("https://desk.example", "https://other.example"),
    )
    assert given.is_demo


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert read_settings({"LIANHU_MODE": "", "LIANHU_PORT": "", "LIANHU_MONGODB_URI": ""}) == Settings()


def test_every_trouble_is_named_at_once() -> None:
    told = troubles(LIANHU_MODE="test", LIANHU_PORT="x", LIANHU_METRICS_PORT="65536", LIANHU_LOG_FORMAT="xml", LIANHU_PROT="1")

    assert told.count(";") == 4
    assert all(name in told for name in ("LIANHU_MODE", "LIANHU_PORT", "LIANHU_METRICS_PORT", "LIANHU_LOG_FORMAT"))
    assert "LIANHU_PROT is no setting" in told


@pytest.mark.parametrize("name", [f"{PREFIX}{name.upper()}" for name in CHOICES])
def test_a_choice_names_what_it_may_be(name: str) -> None:
    told = troubles(**{name: "neither"})

    assert told == f"{name} must be one of {', '.join(CHOICES[name.removeprefix(PREFIX).lower()])}, not 'neither'"


@pytest.mark.parametrize("port", ["65536", "-1", "80.0", "8000 ", "http", "８０００", "٨٠", "1e3", "99999999999"])
def test_a_port_is_a_number_that_a_port_may_be(port: str) -> None:
    assert troubles(LIANHU_PORT=port) == f"LIANHU_PORT must be a port number from 0 to 65535, not {port!r}"


def test_a_mistyped_setting_is_not_passed_over() -> None:
    assert troubles(LIANHU_MONGO_URI="mongodb://x") == "LIANHU_MONGO_URI is no setting"
    assert read_settings({"lianhu_port": "1", "OTHER_LIANHU_PORT": "2"}) == Settings()


def test_every_setting_is_described_with_its_default() -> None:
    rows = {name: (default, text) for name, default, text in described_settings()}

    assert len(rows) == 13
    assert all(text for _, text in rows.values())
    assert rows["LIANHU_PORT"][0] == "8000"
    assert (rows["LIANHU_MONGODB_URI"][0], rows["LIANHU_ALLOWED_ORIGINS"][0], rows["LIANHU_DATA_DIR"][0]) == ("", "", ".data")


# --- Demo mode.


@pytest.mark.parametrize("host", LOOPBACK)
def test_the_demo_listens_on_loopback(host: str) -> None:
    made = demo_settings(Settings(host=host))

    assert (made.mode, made.firebase_project, made.host) == ("demo", "demo-lianhu", host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.2"])
def test_the_demo_listens_nowhere_else(host: str) -> None:
    with pytest.raises(BadSetting, match="LIANHU_HOST must be a loopback address in demo mode"):
        demo_settings(Settings(host=host))


def test_the_demo_takes_no_real_project() -> None:
    assert demo_settings(Settings(firebase_project="demo-other")).firebase_project == "demo-other"
    with pytest.raises(BadSetting, match="LIANHU_FIREBASE_PROJECT must begin with demo-"):
        demo_settings(Settings(firebase_project="lianhu-heze"))
