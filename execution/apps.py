from django.apps import AppConfig


class ExecutionConfig(AppConfig):
    name = "execution"
    verbose_name = "Execution"

    def ready(self) -> None:
        from events.operational import declare
        from execution import handlers
        from execution.declarations import DECLARATIONS

        handlers.register()
        declare(*DECLARATIONS)
