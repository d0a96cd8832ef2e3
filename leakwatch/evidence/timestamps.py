"""RFC 3161 time stamps: the question to an authority, and what its answer proves. Needs the extra `timestamp`."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec

from leakwatch.errors import ConfigError, WireError

INSTALL = "install it with: python -m pip install 'leakwatch[timestamp]'"


class StampError(WireError):
    """The time stamp is not valid."""


def is_installed() -> bool:
    """Whether the library is there."""
    return find_spec("rfc3161_client") is not None


def need() -> None:
    """Raises: ConfigError if the library is not there."""
    if not is_installed():
        raise ConfigError(f"time stamps need rfc3161-client; {INSTALL}")


def question(digest: str) -> bytes:
    """What to ask an authority: a stamp of the SHA-256 of a digest's text. No more than that leaves the machine."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415

    asked = TimestampRequestBuilder().data(digest.encode()).hash_algorithm(HashAlgorithm.SHA256).build()
    return asked.as_bytes()


def stamped_at(token: bytes, digest: str, certificates: tuple[bytes, ...]) -> datetime:
    """When the digest was stamped by an authority that one of the certificates (PEM) vouches for. Raises: StampError."""
    from cryptography import x509  # noqa: PLC0415
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response  # noqa: PLC0415

    try:
        answer = decode_timestamp_response(token)
        builder = VerifierBuilder(roots=[])
        for pem in certificates:
            for certificate in x509.load_pem_x509_certificates(pem):
                builder = builder.add_root_certificate(certificate)
        builder.build().verify_message(answer, digest.encode())
    except (ValueError, TypeError, VerificationError) as error:
        raise StampError(f"the time stamp does not hold: {error}") from error
    return answer.tst_info.gen_time


def checked_token(answer: bytes, digest: str) -> bytes:
    """An authority's answer, if it is a stamp of this digest. Raises: StampError."""
    import hashlib  # noqa: PLC0415

    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415

    try:
        told = decode_timestamp_response(answer)
        if told.status != 0:
            raise StampError(f"the authority refused: {told.status_string}")
        if told.tst_info.message_imprint.message != hashlib.sha256(digest.encode()).digest():
            raise StampError("the authority stamped something else")
    except (ValueError, TypeError) as error:
        raise StampError(f"the answer is no time stamp: {error}") from error
    return answer
