"""The contract that every adapter keeps, as numbered cards.

A broker's test file names a subclass and gives it a fixture ``desk``. A card is skipped only where the adapter's own
``Capabilities`` say that the broker cannot do it. Numbers are spaced for cards to come:

    C01 - C19   account, money, market            account_cards.py
    C20 - C39   orders as they are sent           order_cards.py
    C40 - C69   orders at work, and found again   working_cards.py
    C70 - C89   what goes wrong                   doubt_cards.py
"""

from tests.connections.adapters.account_cards import AccountCards
from tests.connections.adapters.doubt_cards import DoubtCards
from tests.connections.adapters.order_cards import OrderCards
from tests.connections.adapters.working_cards import WorkingCards


class AdapterContract(AccountCards, OrderCards, WorkingCards, DoubtCards):
    """What every adapter is held to."""
