"""The simulator, seen by a stranger that speaks through wechatpy."""
