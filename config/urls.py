"""Every address of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from console import probes

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/", include("config.api")),
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", probes.metrics),
    path("me/notifications/", include("events.urls")),
    path("me/", include("accounts.urls")),
    path("", include("connections.urls")),
    path("", include("execution.urls")),
    path("", include("console.urls")),
]

handler400 = "accounts.rest.problems.bad_request"
handler404 = "accounts.rest.problems.page_not_found"
handler500 = "accounts.rest.problems.server_error"
