"""What the API schema says of every endpoint: tokens, the Idempotency-Key header, how errors and choices look."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import Direction, OpenApiParameter

from accounts.rest import idempotency, problems
from accounts.rest.authentication import TokenAuthentication
from accounts.rest.fields import EnumField

_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "description": "An error, as problem details (RFC 9457). A problem may have members of its own.",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "instance": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {"field": {"type": "string", "nullable": True}, "code": _TEXT, "message": _TEXT},
            },
        },
    },
    "example": {
        "type": "/problems/invalid-input",
        "title": "Invalid input",
        "status": 400,
        "detail": "The sl was -5 but must be above 0.",
        "code": "INVALID_INPUT",
        "instance": "/api/v1/signals/",
        "errors": [{"field": "sl", "code": "NOT_POSITIVE", "message": "The sl was -5 but must be above 0."}],
    },
}
_ERRORS = {
    "400": "The request could not be read, or a value was not accepted; errors names the fields.",
    "401": "No credential came, or it is unknown, expired or revoked.",
    "403": "The credential may not do this.",
    "404": "There is nothing here that the credential may see.",
    "409": "It does not fit what is there now; code says why.",
    "422": "The Idempotency-Key was used with another body before.",
    "429": "Too many requests; Retry-After says when to come again.",
}


class ApiSchema(AutoSchema):
    """Adds to each operation what its view inherits."""

    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        if self.method == "POST" and isinstance(self.view, idempotency.IdempotentPostMixin):
            parameters.append(
                OpenApiParameter(
                    idempotency.HEADER,
                    location=OpenApiParameter.HEADER,
                    required=self.view.idempotency_key_required,
                    description="1 to 255 visible characters. The same key and body get the first answer again.",
                )
            )
        return parameters

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, schema=_PROBLEM, object="Problem")
        self.registry.register_on_missing(problem)
        content = {problems.CONTENT_TYPE: {"schema": problem.ref}}
        errors = {
            status: {"description": _ERRORS[status], "content": content} for status in self._error_statuses()
        }
        return bodies | errors | {"default": {"description": "Any other error.", "content": content}}

    def _error_statuses(self) -> list[str]:
        statuses = ["400", "401", "403", "429"]
        if "{" in self.path:
            statuses.append("404")
        if self.method == "POST":
            statuses += ["409", "422"]
        return sorted(statuses)


class EnumFieldScheme(OpenApiSerializerFieldExtension):
    """Makes one named type of each enumeration, whatever the fields are called that hold it."""

    target_class = EnumField

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        kind = self.target.kind
        schema = {"type": "string", "enum": [str(each) for each in kind]}
        name = kind.__qualname__.replace(".", "")
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=schema, object=kind)
        auto_schema.registry.register_on_missing(component)
        return dict(component.ref)


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes ``TokenAuthentication``."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "sbx_<prefix>_<secret>"}
