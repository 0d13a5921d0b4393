"""What a receipt says and how it is laid out, as HTML; no printer here."""
