"""Vitrine's client for a shop's server, so that a page comes with what this visitor is to see already in it.

Copy this folder; Python 3.11 is all it needs. A page never waits longer than the deadline, and never fails because of
Vitrine: what could not be had is an outcome without an answer that says why. One client serves all threads of a
process, over connections that are kept open.

    vitrine = Vitrine("https://api.shop.example")
    decided = vitrine.decide({"page": {"type": "home"}, "consent": consent, "visitor": cookie}, viewer=request.headers)
    row = decided.placement("home.recs")  # of kind `none` where there is no answer: show the page's own content
    keep = decided.visitor  # the cookie from now on; None: remove it
"""

from .client import Vitrine
from .events import new_event
from .outcomes import Decided, Failure, Outcome, VitrineFailed
from .tokens import visitor_token

__all__ = ["Decided", "Failure", "Outcome", "Vitrine", "VitrineFailed", "new_event", "visitor_token"]
