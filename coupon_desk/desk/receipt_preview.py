"""The receipt on the screen before anything is done, so that one knows what the customer will hold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QScrollArea, QWidget

from coupon_desk.desk.controls import button, column, frame, label, row
from coupon_desk.desk.paper_sheet import PaperSheet
from coupon_desk.desk.printing import Paper
from coupon_desk.desk.stage import Stage
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.words import Language, msg


class ReceiptPreview(QDialog):
    """One receipt on a roll of 80 mm. It cannot be printed from here: nothing has been done yet."""

    def __init__(self, stage: Stage, html: str, language: Language, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.resize(460, 560)
        stage.speech.tell(self, msg("Receipt, as it will be"), "setWindowTitle")
        paper = PaperSheet()
        paper.show_receipt(html, Paper.of(ReceiptWidth.MM80), language)
        stage.speech.tell(paper, msg("Preview of the receipt"), "setAccessibleName")
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(paper)
        stage.speech.tell(scroll, msg("Preview of the receipt"), "setAccessibleName")
        text = label(stage, msg("Nothing has been done yet; operation and trail follow when it is."), "muted", wraps=True)
        close = button(stage, msg("Close"))
        close.clicked.connect(self.reject)
        sheet = frame("well", column(scroll))
        whole = column(label(stage, msg("Receipt, as it will be"), "section"), sheet, text, row(0, close), spacing=12)
        whole.setContentsMargins(24, 20, 24, 20)
        whole.setStretchFactor(sheet, 1)
        self.setLayout(whole)
