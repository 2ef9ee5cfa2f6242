"""Settings, processes and everything else that knows the whole."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
