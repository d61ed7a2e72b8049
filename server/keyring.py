"""Master keys of the field encryption: read from files, or named in a key service; demo mode makes one of its own."""

import base64
import binascii
import os
import secrets
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from adapters.mongo.vault import MasterKey
from server.settings import BadSetting, Settings

BYTES = 96
KMIP_PORT = 5696
MEND = f"it must hold {BYTES} random bytes, raw or in base64 (`openssl rand -base64 {BYTES} | tr -d '\\n'` makes them)"


def keys_of(settings: Settings) -> tuple[MasterKey, ...]:
    """The master keys that the settings name, the one that wraps first. Raises `BadSetting`."""
    if settings.data_key:
        return read_keys(settings.data_key)
    if settings.is_demo:
        return (_of_file(_demo_file(settings.data_dir)),)
    raise BadSetting("LIANHU_DATA_KEY is empty: name the key file, or the key of a key service")


def read_keys(references: str) -> tuple[MasterKey, ...]:
    """Files, or `kmip://HOST[:PORT][/KEY]?ca=FILE&certificate=FILE`, separated by commas. Raises `BadSetting`, naming the mend."""
    found = [reference.strip() for reference in references.split(",") if reference.strip()]
    if not found:
        raise BadSetting("LIANHU_DATA_KEY names no key")
    return tuple(_of_service(reference) if "://" in reference else _of_file(Path(reference)) for reference in found)


def _of_file(path: Path) -> MasterKey:
    try:
        contents = path.read_bytes()
    except OSError as error:
        raise BadSetting(f"LIANHU_DATA_KEY: {path} cannot be read ({error.strerror}); {MEND}") from error
    key = contents if len(contents) == BYTES else _from_base64(contents)
    if len(key) != BYTES:
        raise BadSetting(f"LIANHU_DATA_KEY: {path} holds no key of {BYTES} bytes; {MEND}")
    return MasterKey(f"local:k{sha256(key).hexdigest()[:16]}", {"key": key})


def _from_base64(contents: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(contents.split()), validate=True)
    except (ValueError, binascii.Error):
        return b""


def _of_service(reference: str) -> MasterKey:
    """A key that never leaves a key service which speaks KMIP."""
    parts = urlsplit(reference)
    if parts.scheme != "kmip":
        raise BadSetting(f"LIANHU_DATA_KEY: {parts.scheme}:// is no key service that is understood: name a file, or kmip://HOST:PORT")
    endpoint = _endpoint(reference, parts)
    given = parse_qs(parts.query, keep_blank_values=True)
    if set(given) - {"ca", "certificate"}:
        raise BadSetting(f"LIANHU_DATA_KEY: {reference} may name ca= and certificate= after the question mark, and nothing else")
    options = {"ca": "tlsCAFile", "certificate": "tlsCertificateKeyFile"}
    files = {option: given[name][-1] for name, option in options.items() if name in given}
    missing = [file for file in files.values() if not Path(file).is_file()]
    if missing:
        raise BadSetting(f"LIANHU_DATA_KEY: {missing[0]} is no file: name the certificates of the key service")
    key_id = parts.path.strip("/")
    reference_in_service = {"endpoint": endpoint} | ({"keyId": key_id} if key_id else {})
    name = f"kmip:k{sha256(f'{endpoint}/{key_id}'.encode()).hexdigest()[:16]}"
    return MasterKey(name, {"endpoint": endpoint}, reference_in_service, files or None)


def _endpoint(reference: str, parts: SplitResult) -> str:
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadSetting(f"LIANHU_DATA_KEY: {reference} has no port number from 0 to 65535") from error
    if not host or parts.username is not None or parts.fragment:
        raise BadSetting(f"LIANHU_DATA_KEY: {reference} names no key service: it must be kmip://HOST:PORT")
    return f"{f'[{host}]' if ':' in host else host}:{port or KMIP_PORT}"


def _demo_file(data_dir: Path) -> Path:
    """The demo's own key, for whoever runs it alone; made once, whole or not at all."""
    path = data_dir / "data.key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        made = data_dir / f"data.key.{secrets.token_hex(8)}"
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(BYTES)))
        try:
            os.link(made, path)  # fails where another process was faster
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path
