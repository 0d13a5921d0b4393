"""A real mail server of the kind that shops use: exim with STARTTLS, sign-in and a Maildir, in a folder of its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import smtplib
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import trustme

from tests.surroundings.tool import ends_with_us, running, tool, wait_until


@dataclass(frozen=True)
class Exim:
    """A running server and where it delivers."""

    port: int
    maildir: Path

    def delivered(self, count: int) -> list[EmailMessage]:
        """The mails in the Maildir, once there are so many."""
        new = self.maildir / "new"
        wait_until(lambda: new.is_dir() and len(list(new.iterdir())) >= count, f"exim delivers {count}")
        messages = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(new.iterdir())]
        return [message for message in messages if isinstance(message, EmailMessage)]


@contextmanager
def exim(authority: trustme.CA, sign_in: tuple[str, str]) -> Iterator[Exim]:
    """A server on loopback that takes mails of one user, bounces `bounce@` and defers `defer@`."""
    # Not pytest's folder: that is closed to exim's own user.
    folder = Path(tempfile.mkdtemp(prefix="coupon-desk-exim-"))
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() else "Debian-exim"
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    try:
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(folder / "tls.pem")
        (folder / "password").write_text(f"{sign_in[0]}: {sign_in[1]}\n", encoding="utf-8")
        port = _free_port()
        configuration = folder / "exim.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port, user=user, group=group), encoding="utf-8")
        if os.geteuid() == 0:
            for each in (folder, *folder.iterdir()):
                shutil.chown(each, user, group)
            shutil.chown(configuration, "root", "root")
        folder.chmod(0o755)
        command = [*ends_with_us(), tool("exim4"), "-C", str(configuration), "-bdf"]
        with running(command, environment={"PATH": os.environ["PATH"], "TZ": "UTC"}, log=folder / "output"):
            wait_until(lambda: _greets(port), "exim greets")
            yield Exim(port, folder / "maildir")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _greets(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=2) as server:
            return server.noop()[0] == 250
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


_CONFIGURATION = """
primary_hostname = mail.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
spool_directory = {folder}/spool
log_file_path = {folder}/%s.log
pid_file_path = {folder}/pid
host_lookup =
rfc1413_query_timeout = 0s
smtputf8_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {folder}/tls.pem
tls_privatekey = {folder}/tls.pem
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = check_recipient
queue_only = false
keep_environment =
exim_user = {user}
exim_group = {group}

begin acl
check_recipient:
  deny !encrypted = *
       message = 5.7.0 encrypt first
  deny !authenticated = *
       message = 5.7.0 sign in first
  deny local_parts = bounce
       message = 5.1.1 no such person
  defer local_parts = defer
       message = 4.2.1 come back later
  accept

begin routers
everything:
  driver = accept
  transport = maildir

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {folder}/maildir
  create_directory
  user = {user}
  group = {group}
  mode = 0644

begin retry
* * F,1h,1h

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{${{lookup{{$auth2}}lsearch{{{folder}/password}}{{$value}}fail}}}}}}
  server_set_id = $auth2
"""
