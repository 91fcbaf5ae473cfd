"""The ledger of a study: what its runs have spent, what those under way have reserved, and its limit held to."""

from study.ledger.account import Account
from study.ledger.amounts import Amounts, Due
from study.ledger.book import Entry, Ledger, Reservation
from study.ledger.limit import amount, cap_line, counted, over
from study.ledger.worked import attempts

__all__ = [
    "Account",
    "Amounts",
    "Due",
    "Entry",
    "Ledger",
    "Reservation",
    "amount",
    "attempts",
    "cap_line",
    "counted",
    "over",
]
