"""The site, and small endpoints that show what every endpoint of the API shares."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from accounts.rest.problems import unknown_endpoint
from config.urls import urlpatterns as site
from tests.accounts import api

router = SimpleRouter()
router.register("notes", api.NoteViewSet, basename="note")


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


urlpatterns = [
    path("", home),
    path("me/", include("accounts.urls")),
    path("api/v1/", include("accounts.rest.urls")),
    path("api/v1/", include(router.urls)),
    path("api/v1/strict/", api.StrictView.as_view()),
    path("api/v1/scoped/", api.ScopedView.as_view()),
    path("api/v1/people/", api.PeopleView.as_view()),
    path("api/v1/broken/", api.BrokenView.as_view()),
    path("api/v1/moody/", api.MoodyView.as_view()),
    path("api/schema/", SpectacularAPIView.as_view()),
    re_path(r"^api/", unknown_endpoint),
    *site,
]

handler400 = "accounts.rest.problems.bad_request"
handler404 = "accounts.rest.problems.page_not_found"
handler500 = "accounts.rest.problems.server_error"
