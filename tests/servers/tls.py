"""Throw-away certificates, by openssl."""

import subprocess


def make_tls(folder):
    """Fills the folder: `ca.pem`; `server.pem`, `server.key` (PKCS#8) for localhost and 127.0.0.1, `broker.pem` with all
    of it in one file, as Kafka wants it; `client.pem`, `client.key` of a client; `other-ca.pem` of somebody else."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments, text=None):
        subprocess.run(["openssl", *arguments], cwd=folder, input=text, text=True, capture_output=True, check=True)

    for ca in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN=logpipe-test-{ca}",
                "-keyout", f"{ca}.key", "-out", f"{ca}.pem")
    for name, subject, extension in (("server", "/CN=localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1\n"),
                                     ("client", "/CN=client", "extendedKeyUsage=clientAuth\n")):
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", f"{name}.key")
        openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(extension, encoding="ascii")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
                "-extfile", f"{name}.ext", "-out", f"{name}.pem")
    (folder / "broker.pem").write_text("".join((folder / part).read_text(encoding="ascii")
                                               for part in ("server.key", "server.pem", "ca.pem")), encoding="ascii")
    return folder
