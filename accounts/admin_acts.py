"""Acts of the admin. Each has an address of its own: asked for, it says what it would do; confirmed, it does it.

Nothing is done by following a link, and what is done is done by the services that pages and API call.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES, TEXTAREA_CLASSES

from accounts.clients import user_of
from accounts.models import User

#: Names and values that stand above a question.
Facts = Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done."""

    title: str
    #: what the button says, and so does
    button: str
    #: what it means, in a sentence or two
    words: str = ""
    facts: Facts = ()
    #: None when there is nothing to enter
    form: forms.Form | None = None
    #: money moves, or something is gone for good
    is_grave: bool = False


class ActsMixin:
    """Asking, doing and answering. ``actions_row`` and ``actions_detail`` of unfold name the acts."""

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """Return a row that the reader may see.

        Raises:
            Http404: there is none, or it is somebody else's.
        """
        row = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if row is None:
            raise Http404
        return row

    def possible(self, row: Any, user: User) -> Collection[str] | None:
        """Return the names of the acts that make sense for a row now; None for all."""
        return None

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        allowed: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        possible = self.possible(self.found(request, str(object_id)), user_of(request)) if allowed else None
        if possible is None:
            return allowed
        return [each for each in allowed if each.method.original_function_name in possible]

    def list_address(self) -> str:
        """Return where the list is."""
        return self._address("changelist")

    def page_address(self, row: Any) -> str:
        """Return where a row is shown."""
        return self._address("change", row.pk)

    def act(
        self,
        request: HttpRequest,
        question: Question,
        do: Callable[[], str],
        *,
        back: str,
        refusals: tuple[type[Exception], ...] = (),
    ) -> HttpResponse:
        """Ask, or do it and say so in the words that ``do`` returns. What is refused is said where it was entered."""
        form = question.form
        if request.method != "POST" or (form is not None and not form.is_valid()):
            return self._asked(request, question, back)
        try:
            words = do()
        except refusals as error:
            if form is None or not hasattr(form, "refuse"):
                messages.error(request, str(error))
                return redirect(back)
            form.refuse(error)
            return self._asked(request, question, back)
        messages.success(request, words)
        return redirect(back)

    def _asked(self, request: HttpRequest, question: Question, back: str) -> HttpResponse:
        if question.form is not None:
            dress(question.form)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": question.title,
            "question": question,
            "back": back,
        }
        is_wrong = question.form is not None and bool(question.form.errors)
        return TemplateResponse(request, "admin/acts/ask.html", context, status=422 if is_wrong else 200)

    def _address(self, name: str, *args: Any) -> str:
        opts = self.opts  # type: ignore[attr-defined]
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=args)


def entered(request: HttpRequest) -> QueryDict | None:
    """Return what was entered; None while nothing was sent, so that a form of empty fields counts as sent."""
    return request.POST if request.method == "POST" else None


def dress(form: forms.Form) -> None:
    """Give the fields of a form the classes of unfold, whatever form it is."""
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.CheckboxInput):
            classes = CHECKBOX_CLASSES
        elif isinstance(widget, forms.Select):
            classes = SELECT_CLASSES
        else:
            classes = TEXTAREA_CLASSES if isinstance(widget, forms.Textarea) else INPUT_CLASSES
        widget.attrs["class"] = " ".join(classes)
