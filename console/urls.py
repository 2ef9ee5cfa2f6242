"""Pages that join several apps, and the live stream."""

from django.urls import path

from console.views import activity, bell, desk, drafting, home, live

app_name = "console"

urlpatterns = [
    path("", home.home, name="home"),
    path("activity/", activity.activity, name="activity"),
    path("bell/", bell.bell, name="bell"),
    path("live/", live.live, name="live"),
    path("desk/", desk.desk, name="desk"),
    path("desk/new/", drafting.draft, name="draft"),
    path("desk/<uuid:signal_id>/", desk.signal, name="desk_signal"),
    path("desk/<uuid:signal_id>/preview/", desk.preview, name="preview"),
    path("desk/<uuid:signal_id>/approve/", desk.approve, name="approve"),
    path("desk/<uuid:signal_id>/publish/", desk.publish, name="publish"),
    path("desk/<uuid:signal_id>/withdraw/", desk.withdraw, name="withdraw"),
]
