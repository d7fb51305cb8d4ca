"""Proxies and certificates of the environment: used where they hold, named where they do not."""

import os
import pathlib

import httpx
import pytest

from sm_jax.errors import UserError
from sm_jax.text.describers import openai
from sm_jax.text.describers.connection import connect, is_loopback
from sm_jax.text.describers.openai import Endpoint
from sm_jax.text.describers.vlm import Message
from tests.text.server import says, sends, serving

FAR = "http://models.invalid/v1"


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.startswith("SSL"):
            monkeypatch.delenv(name)


def ask(url: str) -> str:
    return openai.model(Endpoint(url=url, model="eyes", pause=0.01, timeout=5.0)).ask([Message("user", ("Who?",))])


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "value",
    [
        "socks://127.0.0.1:9",
        "socks4://a:1",
        "ftp://a:1",
        "http://",
        "http://a:b:c",
        "http://[::1",
        "://",
        "http://u:secret@",
    ],
)
def test_a_proxy_that_is_none_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=rf"^{name} .*unset it, or name models.invalid in NO_PROXY") as caught:
        openai.model(Endpoint(url=FAR, model="eyes"))
    assert str(caught.value).isprintable() and "secret" not in str(caught.value)


def test_a_proxy_that_needs_a_package_is_named(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    try:
        import socksio  # noqa: F401
    except ImportError:
        with pytest.raises(UserError, match=r"^ALL_PROXY names a SOCKS proxy: pip install"):
            connect(httpx.URL(FAR))
    else:
        assert connect(httpx.URL(FAR)).proxy


def test_a_proxy_of_another_scheme_or_host_is_not_asked(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "127.0.0.1:9")
    connection = connect(httpx.URL(FAR))
    assert connection.variable == "HTTP_PROXY" and connection.proxy and connection.proxy.url == "http://127.0.0.1:9"
    monkeypatch.setenv("NO_PROXY", "[::1], .invalid")
    assert connect(httpx.URL(FAR)).proxy is None


def test_the_proxy_carries_what_is_asked_and_is_named_when_it_fails(monkeypatch):
    with serving(says("hello"), sends("no", 407), sends("no", 400)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        assert ask(FAR) == "hello" and proxy.requests[0][0] == f"{FAR}/chat/completions"
        with pytest.raises(UserError, match="407.*name and password of the proxy in HTTP_PROXY"):
            ask(FAR)
        with pytest.raises(UserError, match="answers through the proxy of HTTP_PROXY with status 400"):
            ask(FAR)
    with pytest.raises(UserError, match="through the proxy of HTTP_PROXY: .*is the proxy in HTTP_PROXY right"):
        ask(FAR)


@pytest.mark.parametrize("value", ["socks://127.0.0.1:9", "http://127.0.0.1:9", "nonsense"])
def test_a_loopback_endpoint_is_never_sent_through_a_proxy(monkeypatch, value):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, value)
    with serving(says("hello")) as server:
        assert ask(server.url) == ask(server.url.replace("127.0.0.1", "localhost")) == "hello"


def test_loopback():
    own = "localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.8.9.1", "127.1", "::1", "[::1]", "0.0.0.0", "::"
    assert all(map(is_loopback, [*own, "::ffff:127.0.0.1"]))
    assert not any(
        map(is_loopback, ["host", "localhost.com", "128.0.0.1", "10.0.0.1", "::2", "mylocalhost", "1270.0.0.1"])
    )


@pytest.mark.parametrize("url", [FAR, FAR.replace("http", "https"), "http://127.0.0.1:9/v1"])
def test_certificates_that_cannot_be_read_are_named(monkeypatch, tmp_path: pathlib.Path, url):
    (tmp_path / "garbage").write_bytes(b"\\xff nothing")
    for name, value in (
        ("SSL_CERT_FILE", tmp_path / "none"),
        ("SSL_CERT_FILE", tmp_path / "garbage"),
        ("SSL_CERT_FILE", tmp_path),
        ("SSL_CERT_DIR", tmp_path / "none"),
        ("SSLKEYLOGFILE", tmp_path / "none" / "keys"),
    ):
        with monkeypatch.context() as changed:
            changed.setenv(name, str(value))
            with pytest.raises(UserError, match=rf"^{name} .*mend it or unset it") as caught:
                openai.model(Endpoint(url=url, model="eyes"))
        assert str(caught.value).isprintable()


def test_what_is_no_https_is_not_tried_again(caplog):
    caplog.set_level("INFO")
    with serving(says("hello")) as server, pytest.raises(UserError, match="does the address begin with http://"):
        ask(server.url.replace("http", "https"))
    assert "again in" not in caplog.text
