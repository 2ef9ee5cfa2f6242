"""How sign-up, login and second factors behave here."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter

from accounts import second_factors


class AccountAdapter(DefaultAccountAdapter):
    """Allauth's own behaviour; the place for ours."""


class MFAAdapter(DefaultMFAAdapter):
    """Keeps the secrets of authenticator apps and recovery codes encrypted at rest."""

    def encrypt(self, text: str) -> str:
        return second_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factors.open_sealed(encrypted_text)
