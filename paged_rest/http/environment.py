"""What variables of the environment do to requests: proxies, and files of certificates."""

from __future__ import annotations

import os
import re
import ssl
import typing as t
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import get_environ_proxies, select_proxy

from paged_rest.errors import NotSent, Unreachable

if t.TYPE_CHECKING:
    from collections.abc import Sequence

# The first that is set counts, as in `requests`.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")


class Proxy(t.NamedTuple):
    """A proxy that requests pass through.

    Attributes:
        address: Its host and port, without a login.
        check: What to do about a wrong one.
    """

    address: str
    check: str

    def failure(
        self, what: str, *, lasting: bool, check: str = "", sent: bool = False
    ) -> NotSent | Unreachable:
        """Return the error for a request that may have come no further than the proxy.

        Args:
            what: What the proxy does.
            lasting: Whether it will do the same again.
            check: What to do, if it is not that the proxy is a wrong one.
            sent: Whether the request may have reached the API.
        """
        sentence = f"the proxy {self.address} {what}"
        if lasting:
            return NotSent(f"{sentence}. {check or self.check}")
        return Unreachable(sentence, sent=sent)


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that requests to an address pass through, if there is one."""
    stated = select_proxy(url, get_environ_proxies(url))
    if not stated:
        return None
    parts = urlsplit(stated if "//" in stated else f"//{stated}")
    address = parts.netloc.rpartition("@")[2]
    names = [
        spelling
        for name in (f"{urlsplit(url).scheme}_proxy", "all_proxy")
        for spelling in (name, name.upper())
        if os.environ.get(spelling) == stated
    ]
    where = f"the variable {names[0]}" if names else "the proxy in this machine's settings"
    return Proxy(address, f"Check {where}.")


def login_wanted(url: str, *, answered: bool) -> NotSent | Unreachable:
    """Return the error for a proxy that asks for a login."""
    proxy = proxy_for(url) or Proxy("on the way", "Check this machine's network.")
    check = f"Write user and password into its address. {proxy.check}"
    return proxy.failure("asks for a login (status 407)", lasting=not answered, check=check)


def refused_tunnel(
    proxy: Proxy, causes: Sequence[BaseException], url: str, *, answered: bool
) -> NotSent | Unreachable | None:
    """Return the error for a proxy that answers, but opens no way to an address."""
    found = next((m for m in map(_REFUSED_TUNNEL.search, map(str, causes)) if m), None)
    if found is None:
        return None
    status, host = int(found[1]), urlsplit(url).hostname
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return login_wanted(url, answered=answered)
    if status >= 500:  # noqa: PLR2004
        return proxy.failure(f"does not reach {host} (status {status})", lasting=False)
    ask = f"Ask those who run the proxy to allow it, or name {host} in the variable NO_PROXY."
    return proxy.failure(
        f"refuses the way to {host} (status {status})", lasting=not answered, check=ask
    )


def wrong_variable(causes: Sequence[BaseException], proxy: Proxy | None) -> str | None:
    """Return in a sentence which variable no request can be made with, if one is why."""
    if proxy and any(isinstance(cause, requests.exceptions.InvalidSchema) for cause in causes):
        return (
            f"the proxy {proxy.address} speaks SOCKS, for which a Python package is missing. "
            f"Install PySocks beside the tap, or take another proxy. {proxy.check}"
        )
    if not any(isinstance(cause, ssl.SSLError) or type(cause) is OSError for cause in causes):
        return None
    name = next((name for name in _BUNDLES if os.environ.get(name)), None)
    if name is None or _is_bundle(Path(os.environ[name])):
        return None
    return (
        f"the variable {name} does not name a file of certificates that can be read. Correct it, "
        "or unset it."
    )


def _is_bundle(path: Path) -> bool:
    try:
        ssl.create_default_context(cafile=None if path.is_dir() else path, capath=path)
    except OSError:
        return False
    return True


def is_of_proxy(error: BaseException) -> bool:
    """Whether an error says that the way to a proxy failed, or the proxy itself."""
    return isinstance(error, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError)
