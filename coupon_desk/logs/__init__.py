"""The local log: one JSON object a line, rotating, private to its owner, with secrets and personal data masked.

One logger per subject: `logging.getLogger("coupon_desk.shopify")`. Further facts go into `extra={...}`.
"""

from coupon_desk.logs.crash import install_excepthook
from coupon_desk.logs.log import Log, log_file_of, setup
from coupon_desk.logs.masking import Mask

__all__ = ["Log", "Mask", "install_excepthook", "log_file_of", "setup"]
