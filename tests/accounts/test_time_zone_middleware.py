from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.middleware import time_zone_middleware
from accounts.models import User


def tell(request: HttpRequest) -> HttpResponse:
    return HttpResponse(timezone.get_current_timezone_name())


async def tell_async(request: HttpRequest) -> HttpResponse:
    return tell(request)


class TestTimeZoneMiddleware:
    def test_serves_views_that_block(self) -> None:
        request = HttpRequest()
        request.user = User(time_zone="Asia/Tokyo")

        response: Any = time_zone_middleware(tell)(request)

        assert response.content == b"Asia/Tokyo"

    async def test_serves_views_that_do_not(self) -> None:
        async def auser() -> User:
            return User(time_zone="Asia/Tokyo")

        request = HttpRequest()
        request.auser = auser

        serve: Any = time_zone_middleware(tell_async)
        response = await serve(request)

        assert response.content == b"Asia/Tokyo"
        assert timezone.get_current_timezone_name() == "UTC"
