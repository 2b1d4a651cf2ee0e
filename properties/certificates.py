"""A certificate for 127.0.0.1 that signs itself, for brokers of somebody else that want TLS."""

import subprocess


def certificate(folder):
    """(certificate, key, both in one file), as PEM; made by openssl."""
    certificate, key, both = (folder / name for name in ("cert.pem", "key.pem", "both.pem"))
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(  # noqa: S603  # fixed words
        ["openssl", *words, *names, "-keyout", key, "-out", certificate],  # noqa: S607
        check=True,
        capture_output=True,
    )
    both.write_text(key.read_text() + certificate.read_text())
    return certificate, key, both
