"""The printers that receipts come out of: the queues of this computer, and receipt printers that are spoken to directly.

Nothing is drawn here: queues take a PDF, receipt printers a picture in black and white. A printer that can't print says so
with what to do; what was done on the coupon is never touched by that.
"""
