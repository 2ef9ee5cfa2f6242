"""Channels in the admin."""

from accounts.models import User
from events.models import Event
from signals.models import Channel
from tests import makers
from tests.people import browser_of
from tests.staff import act_on, confirm, list_of, text

CHANNEL = "signals/channel"


class TestChannels:
    def test_of_a_provider_are_opened_in_the_provider_s_name(self, bob: User) -> None:
        confirm(browser_of(bob), f"{list_of(CHANNEL)}add-channel/", name="Swings", serves_house="on")

        made = Channel.objects.get()
        assert (made.name, made.owner, made.serves_house) == ("Swings", bob, True)

    def test_of_an_administrator_are_the_house_s(self, ada: User) -> None:
        confirm(browser_of(ada), f"{list_of(CHANNEL)}add-channel/", name="House")

        assert Channel.objects.get().owner is None

    def test_change_and_close(self, bob: User) -> None:
        channel = makers.make_channel(owner=bob)

        confirm(browser_of(bob), act_on(CHANNEL, channel, "settings"), name="Slow swings", description="Weekly")

        channel.refresh_from_db()
        assert (channel.name, channel.is_active, channel.serves_house) == ("Slow swings", False, False)
        assert Event.objects.get(kind="channel.changed").actor == bob

    def test_keep_the_preset_they_have(self, bob: User) -> None:
        preset = makers.make_preset(owner=bob)
        channel = makers.make_channel(owner=bob, preset=preset)

        confirm(browser_of(bob), act_on(CHANNEL, channel, "settings"), name="Swings", preset=str(preset.pk))

        channel.refresh_from_db()
        assert channel.preset == preset

    def test_say_that_a_name_is_taken(self, bob: User) -> None:
        makers.make_channel(name="Swings")

        answer = browser_of(bob).post(f"{list_of(CHANNEL)}add-channel/", {"name": "Swings"})

        assert answer.status_code == 422
        assert "or much like it, already" in answer.content.decode()


class TestWhoGetsIn:
    def test_bob_sees_own_channels_only(self, bob: User) -> None:
        own, other = makers.make_channel(owner=bob), makers.make_channel()
        browser = browser_of(bob)

        page = text(browser, list_of(CHANNEL))

        assert own.name in page
        assert other.name not in page
        assert browser.post(act_on(CHANNEL, other, "settings"), {"name": "Mine"}).status_code == 404
