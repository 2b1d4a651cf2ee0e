"""Credentials for brokers of others: read from a file and the environment, shown nowhere."""

import ssl

import pytest

from deliverycheck.brokers import BrokerError
from deliverycheck.brokers.credentials import Credentials
from deliverycheck.brokers.rabbitmq_external import Address
from deliverycheck.cli.credentials_file import FILE, PASSWORD, load_credentials
from deliverycheck.cli.systems import UsageError

SECRET = "tr0ub4dor"  # noqa: S105
JAAS = (
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    f'username="anna" password="{SECRET}";'
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in (FILE, PASSWORD):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def written(tmp_path):
    def write(*lines):
        path = tmp_path / "client.properties"
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.mark.parametrize(
    "lines",
    [
        ("sasl.username=anna", f"sasl.password = {SECRET}"),
        ("sasl.jaas.config=" + JAAS,),
        ("sasl.jaas.config=" + JAAS.replace(" required ", " required \\\n  "),),
        ("username=anna", f"password={SECRET}"),
    ],
    ids=["librdkafkas-names", "the-java-clients", "over-two-lines", "rabbitmqs"],
)
def test_account_is_found_however_it_is_spelt(written, lines):
    found = load_credentials(written("security.protocol=SASL_SSL", "# a note", *lines))
    assert found.account == ("anna", SECRET)
    assert found.is_tls
    assert found.kafka_settings()["security.protocol"] == "SASL_PLAINTEXT"


def test_password_is_taken_from_the_environment_where_the_file_has_none(written, monkeypatch):
    path = written("sasl.username=anna")
    monkeypatch.setenv(FILE, str(path))
    monkeypatch.setenv(PASSWORD, SECRET)
    assert load_credentials(None).account == ("anna", SECRET)


def test_settings_about_anything_else_are_left_out(written):
    found = load_credentials(written("acks=all", "bootstrap.servers=h:1", "ssl.ca.location=/ca"))
    assert dict(found.settings) == {"ssl.ca.location": "/ca"}


def test_no_credentials_change_nothing():
    assert load_credentials(None).kafka_settings() == {}


def test_password_is_never_shown(written):
    found = load_credentials(written("sasl.jaas.config=" + JAAS))
    assert SECRET not in repr(found)
    with pytest.raises(UsageError, match=r"client.properties:1: expected name=value") as caught:
        load_credentials(written(SECRET))
    assert SECRET not in str(caught.value)


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none: cannot be read \(No such file"):
        load_credentials(tmp_path / "none")


def test_certificate_that_cannot_be_used_is_named(written):
    path = written("no certificate")
    with pytest.raises(BrokerError, match=r"TLS: .*client.properties cannot be used"):
        Credentials(settings={"ssl.ca.location": str(path)}).tls()


def test_nobody_is_asked_at_the_terminal_for_the_password_of_a_key(monkeypatch):
    """OpenSSL asks, and waits, where Python gives it no password at all."""
    loaded = []

    class Context:
        def load_cert_chain(self, *files):
            loaded.append(files)
            raise ssl.SSLError(1, "[SSL] PEM lib")

    monkeypatch.setattr(ssl, "create_default_context", lambda **_: Context())
    files = {"ssl.certificate.location": "/c.pem", "ssl.key.location": "/k.pem"}
    with pytest.raises(BrokerError, match=r"/c\.pem and /k\.pem cannot .* ssl\.key\.password of a"):
        Credentials(settings=files).tls()
    assert loaded == [("/c.pem", "/k.pem", "")]


def test_amqps_has_the_ports_of_tls_and_the_account_of_the_file():
    file = Credentials(settings={"username": "anna", "password": SECRET})
    found = Address.parse("amqps://broker", file)
    assert (found.amqp.port, found.api.port, found.is_tls) == (5671, 15671, True)
    assert (found.account.user, found.account.password) == ("anna", SECRET)
    plain = Address.parse("amqp://ben:own@broker", file)
    assert (plain.account.user, plain.account.password) == ("ben", "own")
