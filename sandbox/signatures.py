"""The types of what a wrapper wraps, one for each stage. For readers and the type checker; nothing runs here."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sandbox.limiter import Limiter
from sandbox.message import Fault, Refused, Reply, Request
from sandbox.outcome import Outcome, Result
from sandbox.records import Instant, Record
from sandbox.stages import Allowance

Answer: TypeAlias = Callable[[Request], Awaitable[Reply]]
Handle: TypeAlias = Callable[[Request], Reply]  # also that of respond
Authenticate: TypeAlias = Callable[[Request], str | None]
NewLimiter: TypeAlias = Callable[[], Limiter]
Admit: TypeAlias = Callable[[Request, str], Allowance]
Route: TypeAlias = Callable[[Request], None]
Read: TypeAlias = Callable[[Request], object]
Unpack: TypeAlias = Callable[[object], list[object]]
Measure: TypeAlias = Callable[[list[object]], None]
Settle: TypeAlias = Callable[[list[object]], list[Result]]
Assess: TypeAlias = Callable[[object], Outcome]
Parsed: TypeAlias = Record | tuple[Fault, ...]
Parse: TypeAlias = Callable[[object], Parsed]
CheckReference: TypeAlias = Callable[[str, object], Fault | None]
CheckQuantity: TypeAlias = Callable[[object], Fault | None]
ReadAt: TypeAlias = Callable[[object], Instant | Fault]
Identify: TypeAlias = Callable[[Record], Outcome]
Order: TypeAlias = Callable[[Record, Instant | None], Outcome]
Render: TypeAlias = Callable[[list[Result]], Reply]
Summarise: TypeAlias = Callable[[list[Result]], str]
Refuse: TypeAlias = Callable[[Refused], Reply]
Finish: TypeAlias = Callable[[Request, Reply, Allowance | None], Reply]
Encode: TypeAlias = Callable[[Reply], bytes]
