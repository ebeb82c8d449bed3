"""What costs time to make and is the same for every test: a migrated database, and the keys of an archive."""

import sqlite3
import tempfile
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.storage.migrate import migrate


def sqlite(file: Path) -> str:
    """The address of a new database with our tables, and nothing in them."""
    file.write_bytes(migrated())
    return f"sqlite:///{file}"


@cache
def migrated() -> bytes:
    """The content of such a file, without a log beside it."""
    with tempfile.TemporaryDirectory(prefix="xiaoer-blank-") as folder:
        file = Path(folder) / "xiaoer.db"
        migrate(f"sqlite:///{file}")
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return file.read_bytes()


def archive_keys(folder: Path) -> tuple[Path, str]:
    """The file of the archive's private key, and the public one in PEM; the same pair for every test."""
    pem, public = _pair()
    file = folder / "archive.pem"
    file.write_bytes(pem)
    file.chmod(0o600)
    return file, public


@cache
def _pair() -> tuple[bytes, str]:
    """A short one: whoever loads a key checks it, which at full length would be most of a test's start."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
