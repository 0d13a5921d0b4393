"""The JSON documents of `audit`: what proving the trail found, what it sums up to. Keys are added, never renamed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coupon_desk.cli.documents import Document, moment
from coupon_desk.words import Language, say

if TYPE_CHECKING:
    from coupon_desk.trail.proof import TrailProof
    from coupon_desk.trail.questions import Question
    from coupon_desk.trail.summary import Returned, Summary


def proof_document(found: TrailProof, language: Language) -> Document:
    """What proving the trail found. `intact` says that nothing is wrong; `questions` without explanation wait for one."""
    kept = found.kept
    return {
        "intact": found.is_intact,
        "entries": found.checked,
        "head": {"sequence": found.head.sequence, "hash": found.head.hash},
        "bad": {"sequence": found.bad.sequence, "why": found.bad.why.value} if found.bad else None,
        "signed_since": found.since,
        "signatures": found.checkpoints,
        "signed_until": found.signed_until,
        "public_key": kept.key.hex if kept.key else None,
        "anchor": {"sequence": kept.anchor.sequence, "hash": kept.anchor.hash} if kept.anchor else None,
        "keyring": say(kept.why_not, language) if kept.why_not is not None else None,
        "questions": [question_document(question, language) for question in found.questions],
        "checked": [say(sentence, language) for sentence in found.sentences()],
    }


def question_document(question: Question, language: Language) -> Document:
    """One thing to explain, and the explanation where there is one."""
    told = question.explanation
    return {
        "kind": question.kind.value,
        "sequence": question.sequence,
        "at": moment(question.at),
        "message": say(question.message, language),
        "explanation": {"by": told.by, "at": moment(told.at), "note": told.note} if told is not None else None,
    }


def summary_document(summary: Summary, found: TrailProof, file: str | None) -> Document:
    """What a time span comes to; days are those of this computer's calendar."""
    return {
        "since": moment(summary.since),
        "until": moment(summary.until),
        "entries": summary.entries,
        "first": summary.first,
        "last": summary.last,
        "returns": _returned(summary.total),
        "invalidated": summary.invalidated,
        "by_operator": {login: _returned(one) for login, one in summary.by_operator.items()},
        "by_reason": {reason: _returned(one) for reason, one in summary.by_reason.items()},
        "by_day": {day.isoformat(): _returned(one) for day, one in summary.by_day.items()},
        "refusals": dict(summary.refusals),
        "approvals": [
            {"approver": one.approver, "requester": one.requester, **_returned(one.returned)} for one in summary.approvals
        ],
        "alarms": [
            {
                "sequence": alarm.sequence,
                "at": moment(alarm.at),
                "action": alarm.action,
                "operation": alarm.operation,
                "code": alarm.code,
            }
            for alarm in summary.alarms
        ],
        "alarm_count": summary.alarm_count,
        "intact": found.is_intact,
        "head": {"sequence": found.head.sequence, "hash": found.head.hash},
        "fingerprint": found.kept.key.fingerprint if found.kept.key else None,
        "file": file,
    }


def _returned(returned: Returned) -> dict[str, Any]:
    return {"count": returned.count, "points": returned.points}
