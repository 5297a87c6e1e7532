# SPDX-License-Identifier: Apache-2.0
"""Results kept by the hash of everything that determines them; files appear whole or not at all."""
import hashlib
import json
import os
import pathlib
import tempfile


def digest(*parts):
    """One hash over strings, bytes and JSON values."""
    h = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode() if isinstance(part, str) else json.dumps(part, sort_keys=True).encode()
        h.update(len(data).to_bytes(8, "little") + data)
    return h.hexdigest()[:24]


def write_atomic(path, text):
    """Write `text` to `path` through a temporary file beside it; a device or pipe is written as it is."""
    path = pathlib.Path(path)
    if path.exists() and not path.is_file():
        path.write_text(text)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


class Cache:
    """JSON values under `folder`, one file a key."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, key):
        """The stored value, or None."""
        try:
            return json.loads((self.folder / f"{key}.json").read_text())
        except (OSError, ValueError):
            return None

    def put(self, key, value):
        """Store `value` and return it."""
        write_atomic(self.folder / f"{key}.json", json.dumps(value))
        return value
