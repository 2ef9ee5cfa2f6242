"""What a person was told, and how he wants to be told, under /me/notifications/."""

from django.urls import path

from events import views

app_name = "events"

urlpatterns = [
    path("", views.notifications, name="notifications"),
    path("read/", views.read, name="read"),
    path("choices/", views.choices, name="choices"),
    path("<uuid:notification_id>/", views.opened, name="notification"),
]
