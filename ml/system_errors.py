"""Why the system would not read or write a file, in Chinese; it says so itself in English."""

from __future__ import annotations

import errno
from typing import Final

_NO_RIGHT: Final = "无权限"
_WHY: Final = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "配额已满",
    errno.EROFS: "文件系统只读",
    errno.EACCES: _NO_RIGHT,
    errno.EPERM: _NO_RIGHT,
    errno.ENOENT: "不存在",
    errno.EISDIR: "它是文件夹",
    errno.ENOTDIR: "其上级不是文件夹",
    errno.EIO: "磁盘读写出错",
}


def why_zh(error: OSError) -> str:
    """The reason in Chinese; what has no words here stands as the system says it.

    >>> why_zh(OSError(errno.ENOSPC, "No space left on device"))
    '磁盘已满'
    """
    return _WHY.get(error.errno or 0) or error.strerror or type(error).__name__
