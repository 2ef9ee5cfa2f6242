"""A request's way through the venue: limits, identity, faults, work, answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

import venue.dialect.handlers  # noqa: F401  (fills the table of routes)
from venue.aftermath import follow_ups
from venue.dialect.calls import ROUTES, Call, Route, Security
from venue.dialect.params import Params
from venue.engine.accounts import Account
from venue.engine.errors import VenueError
from venue.engine.terms import Market
from venue.faults import NOTHING, Facts, Plan
from venue.wire import answers, signing
from venue.wire.answers import Answer
from venue.wire.hub import disturbed, fills_before_news
from venue.wire.stale import frozen_answer

if TYPE_CHECKING:
    from venue.state import Venue
    from venue.wire.server import Server


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came off the wire."""

    method: str
    path: str
    query: str
    body: str
    key: str | None
    address: str
    arrival_ns: int


@dataclass(slots=True)
class Job:
    """A request with all that was found out about it."""

    incoming: Incoming
    route: Route
    params: Params
    account: Account | None = None
    plan: Plan = NOTHING
    headers: dict[str, str] = field(default_factory=dict)


def admit(venue: Venue, incoming: Incoming, headers: dict[str, str]) -> Job:
    """This function will find the route, charge its weight and look who asks, and what faults are due.

    Raises: VenueError for everything that keeps the request from being worked.
    """
    job = _route(venue, incoming, headers)
    route, params = job.route, job.params
    if route.security is not Security.NONE:
        job.account = signing.identify(venue.exchange, incoming.key, incoming.address)
        signing.permit(job.account, route)
    job.plan = _plan(venue, job)
    if route.security is Security.SIGNED and job.account is not None:
        signing.check_time(params, venue.clock.now() + job.plan.skew_ms)
        signing.check_signature(job.account.secret, incoming.query, incoming.body)
    if route.orders and job.account is not None and job.plan.is_worked:
        limits = venue.limits_of(route.market)
        headers |= limits.charge_orders(job.account.api_key, route.orders, venue.clock.now())
    return job


def _route(venue: Venue, incoming: Incoming, headers: dict[str, str]) -> Job:
    now = venue.clock.now()
    if venue.down_until > now:
        raise VenueError(-1016, "This service is no longer available.", 503)
    route = ROUTES.get((incoming.method, incoming.path))
    venue.stats.count(incoming.method, incoming.path if route else "(unknown)")
    if route is None:
        raise VenueError(-5000, f"Path {incoming.path}, Method {incoming.method} is invalid", 404)
    params = signing.read_params(incoming.query, incoming.body)
    if not incoming.path.startswith("/sapi/"):
        used = str(venue.limits_of(route.market).charge(incoming.address, route.weigh(params), now))
        headers["X-MBX-USED-WEIGHT-1M"] = used
        if route.market is Market.SPOT:
            headers["X-MBX-USED-WEIGHT"] = used
    return Job(incoming, route, params, headers=headers)


def _plan(venue: Venue, job: Job) -> Plan:
    if not venue.faults.rules:
        return NOTHING
    route, account = job.route, job.account
    name, key = (account.name, account.api_key) if account else (None, None)
    return venue.faults.claim(Facts(route.method, route.path, route.market, name, key, job.params))


def work(venue: Venue, job: Job) -> Answer:
    """This function will let the handler do its work, with what faults want done around it."""
    plan = job.plan
    call = Call(venue, job.params, job.account, job.incoming.arrival_ns, plan.mischief)
    call.races = "race_fill" in plan.by_kind
    frozen = frozen_answer(plan, job.route, call)
    if frozen is not None:
        return answers.success(frozen)
    if job.route.method != "GET":
        venue.changes.accounts = True
    holds = "events" in plan.by_kind or "fills_first" in plan.by_kind
    if holds:
        venue.hub.hold()
    try:
        answer = answers.success(job.route.handler(call))
    except VenueError as e:
        answer = answers.failure(e)
    finally:
        if holds:
            _deliver_disturbed(venue, plan)
    for follow_up in follow_ups(call, plan):
        venue.spawn(follow_up)
    return answer


def _deliver_disturbed(venue: Venue, plan: Plan) -> None:
    events = venue.hub.release()
    options = plan.options("events")
    delay_ms = 0.0
    if options:
        events = disturbed(events, options, plan.by_kind["events"].hits)
        delay_ms = float(options["delay_ms"])
    if "fills_first" in plan.by_kind:
        events = fills_before_news(events)
    venue.spawn(venue.hub.deliver(events, delay_ms))


class Rest:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.venue = server.venue

    async def serve(self, request: web.BaseRequest, incoming: Incoming) -> web.StreamResponse:
        """This function will answer one request of a client, or misbehave as a fault demands."""
        headers: dict[str, str] = {}
        try:
            job = admit(self.venue, incoming, headers)
        except VenueError as e:
            return self._written(answers.failure(e), headers)
        latency_s = self._latency_s(job.account)
        if latency_s:
            await asyncio.sleep(latency_s / 2)
        late = job.plan.options("late")
        if late and late["before"]:
            await asyncio.sleep(late["ms"] / 1000)
        answer = work(self.venue, job) if job.plan.is_worked else None
        if latency_s:
            await asyncio.sleep(latency_s / 2)
        if late and not late["before"]:
            await asyncio.sleep(late["ms"] / 1000)
        return await self._send(request, job, answer)

    def _latency_s(self, account: Account | None) -> float:
        return (self.venue.config.latency_ms + (account.latency_ms if account else 0)) / 1000

    def _written(self, answer: Answer, headers: dict[str, str]) -> web.Response:
        answer.headers = headers | answer.headers
        self.venue.stats.answered(answer.status, answer.body)
        return answer.response()

    async def _send(self, request: web.BaseRequest, job: Job, answer: Answer | None) -> web.StreamResponse:
        rule = job.plan.answer
        if rule is None:
            assert answer is not None
            return self._written(answer, job.headers)
        if rule.kind == "reset":
            return answers.reset(request)
        if rule.kind == "silence":
            return await answers.silence(request)
        if rule.kind == "away":
            self.server.go_away(float(rule.options["seconds"]), bool(rule.options["listener"]))
            return web.Response(status=500)
        shown = answers.replaced(rule, answer)
        if rule.kind == "fills_first":
            await asyncio.sleep(rule.options["ms"] / 1000)
        if rule.kind == "drip":
            return await answers.drip(request, shown, rule.options)
        return self._written(shown, job.headers)
