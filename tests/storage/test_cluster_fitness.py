import pytest
from sqlalchemy import Connection, create_engine, text

from clutch.errors import SetupNeeded
from clutch.settings import Settings
from storage.cluster import Database, assert_fit_to_serve

PRODUCTION = Settings(environment="production")
DEVELOPMENT = Settings(environment="development")


def test_the_application_role_may_serve_in_production(postgis: Database) -> None:
    engine = create_engine(postgis.url)
    with engine.connect() as connection:
        assert_fit_to_serve(connection, PRODUCTION)
    engine.dispose()


def test_a_superuser_may_serve_in_development_alone(connection: Connection) -> None:
    assert_fit_to_serve(connection, DEVELOPMENT)
    with pytest.raises(SetupNeeded, match="the role 'clutch_owner' may not serve"):
        assert_fit_to_serve(connection, PRODUCTION)


def test_a_role_that_bypasses_row_level_security_may_not_serve(connection: Connection) -> None:
    connection.execute(text("CREATE ROLE clutch_test_bypass NOSUPERUSER BYPASSRLS"))
    connection.execute(text("SET LOCAL ROLE clutch_test_bypass"))
    with pytest.raises(SetupNeeded, match="BYPASSRLS"):
        assert_fit_to_serve(connection, PRODUCTION)


@pytest.mark.parametrize("settings", [PRODUCTION, DEVELOPMENT])
def test_a_session_that_may_lose_data_may_not_serve(
    connection: Connection, settings: Settings
) -> None:
    connection.execute(text("SET LOCAL synchronous_commit = off"))
    with pytest.raises(SetupNeeded, match=r"crash \(synchronous_commit = off\)"):
        assert_fit_to_serve(connection, settings)
