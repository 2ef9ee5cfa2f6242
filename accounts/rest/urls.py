"""What this app adds under /api/v1/."""

from django.urls import path

from accounts.rest.views import MeView

urlpatterns = [path("me/", MeView.as_view(), name="api-me")]
