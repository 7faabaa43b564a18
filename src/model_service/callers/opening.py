"""Open the accounts of a service: its counter, its metrics and its spans, each made on first use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from model_service.callers.accounts import Accounts
from model_service.callers.budgets import Budgets
from model_service.callers.counters import Amount, Counted, Counter, MemoryCounter
from model_service.service_file.documents import Places, Refreshed, refreshed
from model_service.service_file.shape import ServiceFile
from model_service.settings import VARIABLES, Settings
from model_service.usage.record import Observer

if TYPE_CHECKING:
    from model_service.usage.metrics import Metrics

SECRET_SECONDS: Final = 1.5  # for reading it, while a call waits


class AccountService(Places, Protocol):
    """What the accounts use of the service."""

    @property
    def settings(self) -> Settings: ...

    @property
    def compartment_id(self) -> str | None: ...


def open_accounts(service: AccountService, file: Refreshed[ServiceFile] | None) -> Accounts:
    """Return the accounts of a service; without a service ``file`` everybody may do everything, and is written down."""
    budgets = Budgets(LazyCounter(service), lets_through=service.settings.counter_failure == "allow")
    observers, metrics = _spans(service), _metrics(service)
    if file is None:
        return Accounts(ServiceFile, budgets, observers=observers, metrics=metrics)
    return Accounts(file.current, budgets, isolates=True, observers=observers, metrics=metrics)


def _metrics(service: AccountService) -> Metrics | None:
    """Return what is told to OCI Monitoring, where that is switched on."""
    namespace = service.settings.metrics_namespace
    if namespace is None or service.compartment_id is None:
        return None
    # On first use, as all that follows here: most services have neither metrics nor spans nor a shared counter.
    from model_service.oci_services.telemetry import MetricsClient  # noqa: PLC0415 - see above
    from model_service.usage.metrics import Metrics  # noqa: PLC0415 - see above

    return Metrics(namespace, service.compartment_id, MetricsClient(service.region_services).post)


def _spans(service: AccountService) -> tuple[Observer, ...]:
    """Return what is told of each usage record to APM, where that is switched on."""
    collector = service.settings.trace_collector
    if collector is None:
        return ()
    from model_service.oci_services.telemetry import SpanCollector  # noqa: PLC0415 - see above
    from model_service.usage.spans import Spans  # noqa: PLC0415 - see above

    return (Spans(collector.service, SpanCollector(collector.url).post).add,)


class LazyCounter:
    """The counter of the settings, made with the first limit."""

    def __init__(self, service: AccountService) -> None:
        self._service = service

    def add(self, amounts: Sequence[Amount]) -> Counted:
        return self._counter.add(amounts)

    @cached_property
    def _counter(self) -> Counter:
        settings = self._service.settings
        if settings.counter is None:
            return MemoryCounter()
        from model_service.callers.redis_counter import RedisCounter  # noqa: PLC0415 - it takes 60 ms

        password = None
        if settings.counter_password is not None:
            name = VARIABLES["counter_password"].name
            password = refreshed(
                name,
                settings.counter_password,
                self._service,
                settings.config_seconds,
                lambda text, _name: text.strip(),
                load_seconds=SECRET_SECONDS,
            ).current
        return RedisCounter(settings.counter, password=password, ca_file=settings.counter_ca)
