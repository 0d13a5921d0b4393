"""Who may do what: the one table, written by hand from the house's rules and not computed from the program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from coupon_desk.people.roles import Right, Role


class May(StrEnum):
    """What a role hears when it asks for an action."""

    YES = "yes"
    ASK = "ask"
    """It is taken as a request, which a second person has to approve."""
    NO = "no"
    HIDDEN = "hidden"
    """Nothing is refused, but what the right is about is left out."""
    NONE = "-"
    """The role cannot come into the situation."""


ROLES: Final = (Role.VIEWER, Role.CLERK, Role.MANAGER, Role.ADMIN, Role.AUDITOR)

TABLE: Final = """
action                    | right         | viewer | clerk | manager | admin | auditor | where
search                    | see           | yes    | yes   | yes     | yes   | yes     | engine cli window
see the customer          | see_customer  | hidden | yes   | yes     | yes   | yes     | engine cli window
show                      | see           | yes    | yes   | yes     | yes   | yes     | engine cli
timeline                  | see           | yes    | yes   | yes     | yes   | yes     | engine
compare a coupon          | see           | yes    | yes   | yes     | yes   | yes     | cli
compare a customer        | see_customer  | no     | yes   | yes     | yes   | yes     | engine cli
put a difference right    | reconcile     | no     | no    | yes     | yes   | no      | engine cli
cancel                    | cancel        | no     | ask   | yes     | yes   | no      | engine cli window
cancel many               | cancel        | no     | ask   | yes     | yes   | no      | engine cli
sort many                 | ask           | no     | yes   | yes     | yes   | no      | engine cli
list bulks                | see           | yes    | yes   | yes     | yes   | yes     | cli
show a bulk               | see           | yes    | yes   | yes     | yes   | yes     | cli
hand out a bulk           | see           | yes    | yes   | yes     | yes   | yes     | engine cli
pause another's bulk      | approve       | no     | no    | yes     | yes   | no      | engine cli
stop another's bulk       | approve       | no     | no    | yes     | yes   | no      | engine cli
take up another's bulk    | ask           | no     | ask   | yes     | yes   | no      | engine cli
cancel with goodwill      | cancel        | no     | ask   | ask     | ask   | no      | engine cli
invalidate only           | invalidate    | no     | ask   | yes     | yes   | no      | engine cli window
refund a cancelled order  | refund_order  | no     | ask   | ask     | ask   | no      | engine cli window
see what a refund gives   | ask           | no     | yes   | yes     | yes   | no      | engine
inbox                     | ask           | no     | yes   | yes     | yes   | no      | engine cli window
list approvals            | see           | yes    | yes   | yes     | yes   | yes     | cli window
approve                   | approve       | no     | no    | yes     | yes   | no      | engine cli window
reject                    | approve       | no     | no    | yes     | yes   | no      | engine cli
withdraw one's own        | ask           | -      | yes   | yes     | yes   | -       | engine cli
withdraw another's        | approve       | no     | no    | yes     | yes   | no      | engine cli window
answer an alarm           | approve       | no     | no    | yes     | yes   | no      | engine cli window
resume                    | ask           | no     | yes   | yes     | yes   | no      | cli window
list operations           | see           | yes    | yes   | yes     | yes   | yes     | cli
receipt copy              | reprint       | no     | yes   | yes     | yes   | no      | engine cli window
list investigations       | read_trail    | no     | no    | yes     | yes   | yes     | engine cli window
release points            | investigate   | no     | no    | ask     | ask   | no      | engine cli window
confirm fraud             | investigate   | no     | no    | yes     | yes   | no      | engine cli window
signals                   | read_trail    | no     | no    | yes     | yes   | yes     | engine cli window
read the trail            | read_trail    | no     | no    | yes     | yes   | yes     | engine window
verify the trail          | read_trail    | no     | no    | yes     | yes   | yes     | engine cli
sign the trail            | read_trail    | no     | no    | yes     | yes   | yes     | engine cli
public key                | read_trail    | no     | no    | yes     | yes   | yes     | engine cli
summary                   | read_trail    | no     | no    | yes     | yes   | yes     | engine cli
export                    | export        | no     | no    | no      | yes   | yes     | engine cli window
explain an alarm          | settings      | no     | no    | no      | yes   | no      | engine cli window
erase a customer          | erase         | no     | no    | no      | yes   | no      | engine cli
list reminders            | see           | yes    | yes   | yes     | yes   | yes     | engine cli
send reminders            | remind        | no     | no    | yes     | yes   | no      | engine cli
list people               | see           | yes    | yes   | yes     | yes   | yes     | cli window
add somebody              | manage_people | no     | no    | no      | yes   | no      | engine cli window
disable somebody          | manage_people | no     | no    | no      | yes   | no      | engine cli
enable somebody           | manage_people | no     | no    | no      | yes   | no      | engine cli
give another role         | manage_people | no     | no    | no      | yes   | no      | engine cli
give stores               | manage_people | no     | no    | no      | yes   | no      | engine cli
share somebody            | manage_people | no     | no    | no      | yes   | no      | engine cli
link somebody             | manage_people | no     | no    | no      | yes   | no      | engine cli
another's PIN             | manage_people | no     | no    | no      | yes   | no      | engine cli
one's own PIN             | see           | yes    | yes   | yes     | yes   | yes     | engine cli
store a secret            | settings      | no     | no    | no      | yes   | no      | cli
delete a secret           | settings      | no     | no    | no      | yes   | no      | cli
change the configuration  | settings      | no     | no    | no      | yes   | no      | engine cli
hand the settings on      | settings      | no     | no    | no      | yes   | no      | cli
sync                      | see           | yes    | yes   | yes     | yes   | yes     | cli
doctor                    | see           | yes    | yes   | yes     | yes   | yes     | cli
central status            | see           | yes    | yes   | yes     | yes   | yes     | cli
central ship              | see           | yes    | yes   | yes     | yes   | yes     | cli
central verify            | read_trail    | no     | no    | yes     | yes   | yes     | cli
"""

WITHOUT_AN_OPERATOR: Final = {
    "demo": "a shop of its own, in which nothing is real",
    "training serve": "a shop of its own, in which nothing is real",
    "audit verifier": "writes out a file of the program itself",
    "central init": "takes the password of the database's administrator",
    "central add-desk": "takes the password of the database's administrator",
    "central disable-desk": "takes the password of the database's administrator",
    "diagnostics": "holds no secret and nothing of anybody, and is needed where nobody can sign in",
    "secrets list": "the names of secrets, before there is anybody",
}
"""Commands that ask for no operator, and why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One role and one action."""

    action: str
    right: Right
    role: Role
    may: May
    where: frozenset[str]

    def __str__(self) -> str:
        """The name of its test."""
        return f"{self.role}: {self.action}"


def cells(where: str) -> tuple[Cell, ...]:
    """All cells that are tried there: `engine`, `cli` or `window`."""
    return tuple(cell for cell in every_cell() if where in cell.where and cell.may is not May.NONE)


def every_cell() -> tuple[Cell, ...]:
    """The whole table."""
    found = []
    for line in TABLE.strip().splitlines()[1:]:
        action, right, *said, where = (part.strip() for part in line.split("|"))
        for role, may in zip(ROLES, said, strict=True):
            found.append(Cell(action, Right(right), role, May(may), frozenset(where.split())))
    return tuple(found)
