"""The ids that platforms and ledgers hand out, each a type of its own so that none is passed for another."""

from typing import NewType

CorpId = NewType("CorpId", str)
UserId = NewType("UserId", str)
"""A staff member; WeCom compares it without regard to case."""
ExternalUserId = NewType("ExternalUserId", str)
"""An external contact as this corp's app sees it (`wm…`, `wo…`)."""
OpenId = NewType("OpenId", str)
"""A follower of one official account."""
UnionId = NewType("UnionId", str)
"""One WeChat user over all accounts bound to the same open platform account."""
ChatId = NewType("ChatId", str)
TagId = NewType("TagId", str)
ContactId = NewType("ContactId", int)
"""Our own id of a person, whatever accounts they are known by."""
DepartmentId = NewType("DepartmentId", int)
SopName = NewType("SopName", str)
"""The path of an SOP below `sops/` without its ending, such as `contact/welcome`."""
RunId = NewType("RunId", int)
CallId = NewType("CallId", int)
TraceId = NewType("TraceId", str)


def contact_key(contact: ContactId) -> str:
    """The subject key of a contact, by which ledgers keep order."""
    return f"contact:{contact}"


def group_key(chat: ChatId) -> str:
    return f"group:{chat}"


def staff_key(user: UserId) -> str:
    return f"staff:{user}"
