# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mails with a link that approves a claim (API reference, sections 2.18 and 5.6)."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from ..settings import Address

SENDER = "atlas@simulator.example"
_MAILBOXES = ("admin", "administrator", "webmaster", "hostmaster", "postmaster")
_TIMEOUT_SECONDS = 10
_TEXT = """A certificate account asks to be trusted with the domain {domain}.

Open this link if that is right:

{link}

If you know nothing of it, do nothing.
"""


def constructed(domain: str) -> list[str]:
    """The addresses that every domain has."""
    return [f"{mailbox}@{domain}" for mailbox in _MAILBOXES]


async def send_link(smtp: Address, sender: str, recipient: str, domain: str, link: str) -> str:
    """Send a mail with a link over SMTP; why it could not be sent, empty if it was."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = f"Approve the domain {domain}"
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    message.set_content(_TEXT.format(domain=domain, link=link))
    try:
        await asyncio.to_thread(_send, smtp, message)
    except (OSError, smtplib.SMTPException) as error:
        return f"no mail could be sent to {recipient}: {type(error).__name__}"
    return ""


def _send(smtp: Address, message: EmailMessage) -> None:
    with smtplib.SMTP(smtp.host, smtp.port, timeout=_TIMEOUT_SECONDS) as connection:
        connection.ehlo()
        if connection.has_extn("starttls"):
            # Whoever answers there is the one that was named: a simulator's mail is no secret.
            connection.starttls(context=ssl._create_unverified_context())  # noqa: S323
            connection.ehlo()
        connection.send_message(message)
