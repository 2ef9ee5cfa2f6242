"""Accounts at venues, and presets."""

from django.urls import path

from connections.views import acting, adding, listing, presets

app_name = "connections"

urlpatterns = [
    path("connections/", listing.connections, name="list"),
    path("connections/new/", adding.choose, name="choose"),
    path("connections/new/<str:kind>/<str:exchange>/", adding.add, name="add"),
    path("connections/<uuid:connection_id>/", listing.connection, name="detail"),
    path("connections/<uuid:connection_id>/health/", listing.health, name="health"),
    path("connections/<uuid:connection_id>/test/", acting.test, name="test"),
    path("connections/<uuid:connection_id>/pause/", acting.pause, name="pause"),
    path("connections/<uuid:connection_id>/resume/", acting.resume, name="resume"),
    path("connections/<uuid:connection_id>/change/", acting.change, name="change"),
    path("connections/<uuid:connection_id>/keys/", acting.replace_keys, name="keys"),
    path("connections/<uuid:connection_id>/delete/", acting.delete, name="delete"),
    path("presets/", presets.presets, name="presets"),
    path("presets/new/", presets.add, name="add_preset"),
    path("presets/<uuid:preset_id>/", presets.preset, name="preset"),
    path("presets/<uuid:preset_id>/change/", presets.change, name="change_preset"),
    path("presets/<uuid:preset_id>/delete/", presets.delete, name="delete_preset"),
]
