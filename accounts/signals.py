"""What happens to accounts, for the layers above. Senders pass the acting user and the time.

Receivers run in the sender's transaction; what they raise undoes the change.
"""

from django.dispatch import Signal

# Arguments: user, actor (None for the system), now.
account_created = Signal()

# Arguments: user, before, after (roles), actor, now.
role_changed = Signal()

# Arguments: user, actor, now. user.is_active tells which way.
activity_changed = Signal()

# Arguments: token, actor, now. Never the text of the token.
token_created = Signal()
token_revoked = Signal()
