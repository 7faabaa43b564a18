"""Doubts that no request settles, each with the reason: they stay marked, and a tenancy does not help."""

from __future__ import annotations

from typing import Final

from mock_oci.verify.question import UnaskableQuestion

_SECOND_CALLER = "needs another caller who has exactly this permission and no other: the one who asks here has more"
_LONG = "needs to wait that long"
_OWN_FUNCTION = "needs a function that is deployed for it, in a network"
_BUILT_GATEWAY = "needs a gateway that is built for it, in a network of its own"

UNASKABLE: Final = (
    UnaskableQuestion(
        "who-reads-stored-answers", "Which permissions stored responses and conversations ask for.", _SECOND_CALLER
    ),
    UnaskableQuestion("who-uses-queues", "Which permissions the operations of queues ask for.", _SECOND_CALLER),
    UnaskableQuestion("who-reads-projects", "That a project is read by who uses it.", _SECOND_CALLER),
    UnaskableQuestion("who-applies-guardrails", "Which permissions guardrails ask for.", _SECOND_CALLER),
    UnaskableQuestion(
        "who-lists-base-models", "In which compartment the permission to list base models counts.", _SECOND_CALLER
    ),
    UnaskableQuestion(
        "who-reads-metrics", "Which permission a connector's source of metrics asks for.", _SECOND_CALLER
    ),
    UnaskableQuestion(
        "openai-tools",
        "Whether OpenAI's surface refuses more than 128 tools, as the native one does by the SDK's word.",
        "a model that takes them bills 129 tools: more tokens than all questions together may cost",
    ),
    UnaskableQuestion(
        "dedicated-refusals",
        "With which codes endpoints, imported models and routing profiles that cannot be are refused.",
        "needs a dedicated AI cluster, which is paid for by the hour, and for a month at least",
    ),
    UnaskableQuestion(
        "api-key-shown",
        "How the secrets of an API key are masked, and whether a key may have one alone.",
        "would make a secret that lets into Generative AI, for a question of a few characters",
    ),
    UnaskableQuestion("who-imports-dashboards", "Which permission an imported dashboard asks for.", _SECOND_CALLER),
    UnaskableQuestion(
        "who-creates-objects", "That a put with if-none-match: * asks for OBJECT_CREATE and no more.", _SECOND_CALLER
    ),
    UnaskableQuestion(
        "condition-or-permission", "Which is looked at first: if-match, or the right to overwrite.", _SECOND_CALLER
    ),
    UnaskableQuestion(
        "function-variable", "That target.function.id is a variable of the calls of functions.", _SECOND_CALLER
    ),
    UnaskableQuestion("secret-variable", "That target.secret.id is a variable of reading secrets.", _SECOND_CALLER),
    UnaskableQuestion(
        "deny-without-variable", "What a deny does whose variable a request does not have.", _SECOND_CALLER
    ),
    UnaskableQuestion(
        "day-of-the-week",
        "How a policy writes the day of the week.",
        "any text is taken as a value, and only another caller's requests show which one is true",
    ),
    UnaskableQuestion(
        "night-and-ends", "Whether both ends of a span of time belong to it.", f"{_SECOND_CALLER}, at those seconds"
    ),
    UnaskableQuestion(
        "rule-patience",
        "How often, and for how long, a rule tries a target that fails.",
        f"{_LONG}, with a function that fails: a day",
    ),
    UnaskableQuestion(
        "rule-comparison",
        "How a rule's condition compares numbers, null, the case of letters, and an array in the event.",
        "shows only in what a rule hands on of events that a service sends, with a target that waits for them",
    ),
    UnaskableQuestion(
        "connector-patience",
        "After how long a connector that fails is deactivated.",
        f"{_LONG}, with a target that fails: a week or more",
    ),
    UnaskableQuestion(
        "connector-objects",
        "How a connector names and compresses the objects that it writes.",
        f"{_LONG}, with the policies of a connector: minutes, and grants that the one who asks must give",
    ),
    UnaskableQuestion(
        "connector-settings",
        "The names and bounds of a connector's batches.",
        "the bounds show only in what a connector does with many messages",
    ),
    UnaskableQuestion(
        "metric-window",
        "Whether a window of metrics stands under its beginning or its end.",
        "a metric that was posted cannot be removed",
    ),
    UnaskableQuestion("schedule-caller", "Of what type the caller of a scheduled function is.", _OWN_FUNCTION),
    UnaskableQuestion(
        "detached-sender",
        "In whose name a record of a detached call is sent.",
        f"{_OWN_FUNCTION}; and {_SECOND_CALLER}",
    ),
    UnaskableQuestion(
        "detached-record", "The JSON of the record of a detached call.", f"{_OWN_FUNCTION}, with a destination"
    ),
    UnaskableQuestion(
        "function-box", "Processes, open files, idle time and size of a function's container.", _OWN_FUNCTION
    ),
    UnaskableQuestion("apm-good-key", "The status of spans that are taken.", "spans that were sent cannot be removed"),
    UnaskableQuestion(
        "gateway-scope",
        "The status for a token without the scope that a route asks for.",
        f"{_BUILT_GATEWAY}, and a token of an identity domain",
    ),
    UnaskableQuestion("gateway-rate", "How a gateway averages the rate of a second.", _BUILT_GATEWAY),
    UnaskableQuestion(
        "gateway-subscriber", "The status for a token that no subscriber of a usage plan has.", _BUILT_GATEWAY
    ),
    UnaskableQuestion(
        "gateway-verdicts",
        "How many verdicts of an authorizer a gateway keeps, and what it makes of an expiresAt that is no time.",
        f"{_BUILT_GATEWAY}, and an authorizer",
    ),
    UnaskableQuestion(
        "gateway-cache-key",
        "Whether a caller gets another's verdict where the cache has no key.",
        f"{_BUILT_GATEWAY}, and an authorizer",
    ),
    UnaskableQuestion(
        "gateway-error",
        "The JSON of a gateway's answer for a function that failed.",
        f"{_BUILT_GATEWAY}, and a function that fails",
    ),
    UnaskableQuestion(
        "guardrail-texts",
        "The texts of the refusals of guardrails.",
        "a text is no behaviour: whoever meets one may write it down",
    ),
    UnaskableQuestion(
        "signed-notifications",
        "What the signature headers of a notification are made over.",
        "no request that was sent shows how a signature was made",
    ),
    UnaskableQuestion(
        "who-subscribes-functions",
        "Whether Notifications needs a statement to call a function that is subscribed.",
        _SECOND_CALLER,
    ),
    UnaskableQuestion(
        "throttle-hint",
        "Whether a 429 of Generative AI has Retry-After.",
        "needs to exhaust a limit that all of a tenancy's callers share",
    ),
    UnaskableQuestion(
        "abandoned-stream", "Whether a model whose client leaves runs on, and is charged.", "only the bill says"
    ),
)
