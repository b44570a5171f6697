"""Put on a program's path as `sitecustomize`: notes every file it opens to write and every host it asks for.

One line a happening in the file that ORTHRUS_WATCH names. What is written by compiled code is not seen.
"""

import os
import sys

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate", "shutil.copyfile", "shutil.move")
LOCAL = ("127.0.0.1", "0.0.0.0", "localhost", "::1", "", "None")
_out = os.open(os.environ["ORTHRUS_WATCH"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def _note(kind: str, what: object) -> None:
    os.write(_out, f"{kind} {what}\n".encode(errors="replace"))


def _hook(event: str, args: tuple) -> None:
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES and not isinstance(args[0], int):
        _note("write", os.fsdecode(args[0]))
    elif event in CHANGES:
        there = args[1] if len(args) > 1 and isinstance(args[1], (str, bytes, os.PathLike)) else args[0]
        _note("write", os.fsdecode(there))
    elif event == "socket.getaddrinfo" and str(args[0]) not in LOCAL:
        _note("ask", args[0])
    elif event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in LOCAL:
        _note("connect", args[1])


sys.addaudithook(_hook)
