"""How every page of ours is answered: kept by no cache, and in part when only a part is asked for.

A region of a page that refreshes itself asks for the page's own address. The header tells the two apart, so one
view, one address and one check of who may see what serve both.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers


def is_partial(request: HttpRequest) -> bool:
    """Return whether htmx asks for a region only."""
    return request.headers.get("HX-Request") == "true"


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partial: str | None = None,
    status: int | None = None,
) -> HttpResponse:
    """Return the page, or the region that ``partial`` renders when that is what was asked for."""
    name = partial if partial is not None and is_partial(request) else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request"])
    add_never_cache_headers(response)
    return response
