"""WeChat's own names for errcodes, from wechatpy's table: for the many that ours does not describe."""


def name_of(errcode: int) -> str:
    """Such as `invalid media id`; empty for a code that nobody has named.

    wechatpy brings a whole client of its own along, some 27 MB, so it is loaded when somebody looks at such a code.
    """
    from wechatpy.constants import WeChatErrorCode

    names = {code.value: code.name for code in WeChatErrorCode}
    return str(names.get(errcode, "")).lower().replace("_", " ")
