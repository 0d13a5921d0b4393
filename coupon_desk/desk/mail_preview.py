"""What the customer will read, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QTextBrowser, QWidget

from coupon_desk.desk.controls import button, column, label, row
from coupon_desk.desk.stage import Stage
from coupon_desk.words import msg

if TYPE_CHECKING:
    from coupon_desk.mail.messages import RenderedMail


class MailPreview(QDialog):
    """Subject and text of one e-mail."""

    def __init__(self, stage: Stage, mail: RenderedMail | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.resize(520, 480)
        stage.speech.tell(self, msg("E-mail to the customer"), "setWindowTitle")
        subject = label(stage, role="heading", wraps=True)
        subject.setText(mail.subject if mail is not None else stage.speech.say(msg("No e-mail is sent.")))
        body = QTextBrowser()
        body.setOpenLinks(False)
        body.setPlainText(mail.text if mail is not None else "")
        stage.speech.tell(body, msg("Text of the e-mail"), "setAccessibleName")
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        whole = column(label(stage, msg("E-mail to the customer"), "section"), subject, body, row(0, close), spacing=12)
        whole.setContentsMargins(24, 20, 24, 20)
        self.setLayout(whole)
