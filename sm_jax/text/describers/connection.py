"""How a server is reached: proxy and certificates that the environment names, checked before anything is sent."""

import dataclasses
import ipaddress
import os
import pathlib
import socket
import ssl
import urllib.request

from sm_jax.errors import UserError
from sm_jax.text.description_json import one_line

try:
    import httpx
except ModuleNotFoundError as error:
    raise UserError(f"{error.name} is not installed; pip install 'sm_jax[vlm]'") from error

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")  # what Python's ssl and httpx open


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connection:
    """variable: of the environment, that names the proxy; empty without one."""

    proxy: httpx.Proxy | None
    variable: str
    certificates: ssl.SSLContext

    def client(self, timeout: float) -> httpx.Client:
        """A client that asks the environment nothing more. timeout: seconds for each read and write."""
        return httpx.Client(timeout=timeout, proxy=self.proxy, verify=self.certificates, trust_env=False)

    def remedy(self, error: httpx.HTTPError) -> str | None:
        """What the user can do about a connection that failed for good; None where it may be better the next time."""
        said = str(error)
        if "CERTIFICATE_VERIFY_FAILED" in said:
            given = next((name for name in _CERTIFICATES if os.environ.get(name)), _CERTIFICATES[0])
            return f"name the file with its authority's certificate in {given}"
        if "WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said:
            return "it does not speak https: does the address begin with http://?"
        return None


def connect(url: httpx.URL) -> Connection:
    """The way to a server. A server on this machine is never reached through a proxy.

    Raises UserError, naming the variable, for a proxy or certificates of the environment that cannot be used.
    """
    certificates, (variable, value) = _certificates(), _proxy_variable(url)
    if not variable:
        return Connection(proxy=None, variable="", certificates=certificates)
    remedy = f"set it to one like http://host:port, unset it, or name {url.host} in NO_PROXY"
    try:
        address = httpx.URL(value if "://" in value else f"http://{value}")
        if not address.host:
            raise ValueError("it has no host")
        proxy = httpx.Proxy(address, ssl_context=certificates if address.scheme == "https" else None)
        connection = Connection(proxy=proxy, variable=variable, certificates=certificates)
        connection.client(timeout=1.0).close()
    except ImportError as error:
        raise UserError(f"{variable} names a SOCKS proxy: pip install 'httpx[socks]', or {remedy}") from error
    except (ValueError, httpx.InvalidURL) as error:
        shown = one_line(value.rpartition("@")[2], 80)  # a proxy's password is nobody's business
        raise UserError(f"{variable} ({shown}) names no proxy that can be used; {remedy}") from error
    return connection


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))  # 127.1
        except OSError:
            return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _proxy_variable(url: httpx.URL) -> tuple[str, str]:
    """The variable that names the proxy for an address, and its value; empty ones where there is none."""
    proxies = urllib.request.getproxies()
    name = next((name for name in (url.scheme, "all") if proxies.get(name)), None)
    if name is None or is_loopback(url.host) or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return "", ""
    names = (f"{name}_proxy", f"{name}_proxy".upper())
    return next((each for each in names if os.environ.get(each)), "the system's settings"), proxies[name].strip()


def _certificates() -> ssl.SSLContext:
    folder = os.environ.get("SSL_CERT_DIR")
    try:
        if folder and not pathlib.Path(folder).is_dir():  # OpenSSL would only find nothing in it
            raise NotADirectoryError(20, "no such folder")
        return httpx.create_ssl_context()
    except OSError as error:  # of which ssl.SSLError is one
        given = [f"{name} ({one_line(os.environ[name], 80)})" for name in _CERTIFICATES if os.environ.get(name)]
        reason = one_line(error.strerror or str(error), 80)
        raise UserError(
            f"{' or '.join(given) or 'the certificates of certifi'} cannot be used: {reason}; mend it or unset it"
        ) from error
