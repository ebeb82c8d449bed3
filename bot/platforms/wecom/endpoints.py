"""The endpoints that are not plain, repeatable POSTs."""

GETS = frozenset(
    {
        "user/get",
        "user/list",
        "user/simplelist",
        "department/list",
        "department/simplelist",
        "department/get",
        "tag/list",
        "tag/get",
        "agent/get",
        "appchat/get",
        "externalcontact/get_follow_user_list",
        "externalcontact/list",
        "externalcontact/get",
        "externalcontact/get_moment_task_result",
        "externalcontact/get_intercept_rule_list",
        "getcallbackip",
        "get_api_domain_ip",
    }
)

REACHES_PEOPLE = frozenset(
    {
        "message/send",
        "appchat/send",
        "webhook/send",
        "externalcontact/add_msg_template",
        "externalcontact/remind_groupmsg_send",
        "externalcontact/add_moment_task",
        "kf/send_msg",
    }
)
"""Asked twice, these reach a person twice. (A welcome code works once, so a welcome may be asked for again.)"""


def is_repeatable(endpoint: str) -> bool:
    """Whether a call whose fate is unknown may simply be made again."""
    return endpoint not in REACHES_PEOPLE
