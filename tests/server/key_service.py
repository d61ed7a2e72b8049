"""A key service that speaks as much KMIP as libmongocrypt asks of one, over TLS with certificates on both sides."""

import datetime
import ipaddress
import os
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

REGISTER, GET, ACTIVATE = 3, 10, 18
STRUCTURE, INTEGER, ENUMERATION, TEXT, BYTES = 1, 2, 5, 7, 8
OPERATION, UNIQUE_ID, KEY_MATERIAL = 0x42005C, 0x420094, 0x420043
NOT_FOUND = 1


class KeyService:
    """Keeps secrets under ids; `asked` are the operations that it was asked for."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes] = {"42": os.urandom(96)}
        self.asked: list[int] = []

    def answer(self, request: bytes) -> bytes:
        found = dict(_leaves(request))
        operation, id_ = struct.unpack(">I", found[OPERATION])[0], found.get(UNIQUE_ID, b"").decode()
        self.asked.append(operation)
        if operation == REGISTER:
            id_ = str(len(self.secrets) + 100)
            self.secrets[id_] = found[KEY_MATERIAL]
        status, payload = 0, _text(UNIQUE_ID, id_)
        if operation == GET and id_ in self.secrets:
            value = _item(0x420045, STRUCTURE, _item(KEY_MATERIAL, BYTES, self.secrets[id_]))
            block = _item(0x420040, STRUCTURE, _enumeration(0x420042, 2) + value)
            payload = _enumeration(0x420057, 7) + payload + _item(0x420085, STRUCTURE, _enumeration(0x420086, 1) + block)
        elif id_ not in self.secrets:
            status, payload = NOT_FOUND, b""
        version = _item(0x420069, STRUCTURE, _integer(0x42006A, 1) + _integer(0x42006B, 2))
        header = _item(0x42007A, STRUCTURE, version + _integer(0x42000D, 1))
        body = _enumeration(OPERATION, operation) + _enumeration(0x42007F, status)
        body += _enumeration(0x42007E, 1) + _text(0x42007D, "no such secret") if status else _item(0x42007C, STRUCTURE, payload)
        return _item(0x42007B, STRUCTURE, header + _item(0x42000F, STRUCTURE, body))


@contextmanager
def key_service(folder: Path) -> Iterator[tuple[KeyService, str]]:
    """A running service, and the reference to it less the key."""
    service, (ca, certificate) = KeyService(), _certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = threading.Thread(target=_serve, args=(door, context, service), daemon=True)
        serving.start()
        yield service, f"kmip://127.0.0.1:{door.getsockname()[1]}{{}}?ca={ca}&certificate={certificate}"
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
    serving.join(10)


def _serve(door: socket.socket, context: ssl.SSLContext, service: KeyService) -> None:
    while True:
        try:
            plain, _ = door.accept()
        except OSError:  # closed
            return
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            while head := _read(connection, 8):
                connection.sendall(service.answer(head + _read(connection, struct.unpack(">I", head[4:])[0])))


def _read(connection: ssl.SSLSocket, size: int) -> bytes:
    read = b""
    while len(read) < size and (part := connection.recv(size - len(read))):
        read += part
    return read


def _leaves(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values of whatever is no structure."""
    at = 0
    while at < len(message):
        tag, kind, size = int.from_bytes(message[at : at + 3]), message[at + 3], struct.unpack(">I", message[at + 4 : at + 8])[0]
        value = message[at + 8 : at + 8 + size]
        if kind == STRUCTURE:
            yield from _leaves(value)
        else:
            yield tag, value
        at += 8 + -(-size // 8) * 8


def _item(tag: int, kind: int, value: bytes) -> bytes:
    return tag.to_bytes(3) + bytes([kind]) + struct.pack(">I", len(value)) + value + b"\0" * (-len(value) % 8)


def _integer(tag: int, value: int) -> bytes:
    return _item(tag, INTEGER, struct.pack(">I", value))


def _enumeration(tag: int, value: int) -> bytes:
    return _item(tag, ENUMERATION, struct.pack(">I", value))


def _text(tag: int, value: str) -> bytes:
    return _item(tag, TEXT, value.encode())


def _certificates(folder: Path) -> tuple[Path, Path]:
    """One certificate that signs itself, for both sides: the file of the authority, and the file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "key service of a test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(certificate)
    (folder / "both.pem").write_bytes(secret + certificate)
    return folder / "ca.pem", folder / "both.pem"
