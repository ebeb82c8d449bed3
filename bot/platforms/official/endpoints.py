"""The endpoints that are not plain, repeatable POSTs below `/cgi-bin/`."""

GETS = frozenset(
    {
        "getcallbackip",
        "get_api_domain_ip",
        "user/info",
        "user/get",
        "tags/get",
        "menu/get",
        "menu/delete",
        "get_current_selfmenu_info",
        "template/get_all_private_template",
        "template/get_industry",
        "material/get_materialcount",
        "draft/count",
        "customservice/getkflist",
        "customservice/getonlinekflist",
        "/customservice/kfsession/getsession",
        "/customservice/kfsession/getsessionlist",
        "/customservice/kfsession/getwaitcase",
        "/wxaapi/newtmpl/gettemplate",
        "/wxaapi/newtmpl/getcategory",
        "/wxaapi/newtmpl/getpubtemplatetitles",
        "/wxaapi/newtmpl/getpubtemplatekeywords",
    }
)

KEYED_SENDS = {
    "message/template/send": "client_msg_id",
    "message/mass/send": "clientmsgid",
    "message/mass/sendall": "clientmsgid",
}
"""Sends that the platform makes once for one id. Source: developers.weixin.qq.com/doc/service, Batch_Sends"""

BLIND_SENDS = frozenset(
    {
        "message/custom/send",
        "message/subscribe/bizsend",
        "message/subscribe/send",
        "message/template/subscribe",
        "message/mass/preview",
    }
)
"""Asked twice, these reach a person twice."""


def path(endpoint: str) -> str:
    """The path on the host; an endpoint that begins with a slash is one that is not below `/cgi-bin/`."""
    return endpoint if endpoint.startswith("/") else f"/cgi-bin/{endpoint}"
