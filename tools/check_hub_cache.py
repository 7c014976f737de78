"""Check by hand that convscope and Python's huggingface_hub share one cache.

    pip install huggingface_hub
    cargo build --tests
    python tools/check_hub_cache.py [-- COMMAND...]

A hub of two hosts is started on this machine, which answers as the real one does. Then

1. COMMAND downloads `owner/name` into an empty cache, and Python must find it there without asking
   anybody for bytes;
2. Python downloads it into another empty cache, and COMMAND must take it from there without asking
   anybody for bytes.

COMMAND gets HF_ENDPOINT and HF_HUB_CACHE. Without one, the helper process of `tests/hub` is run, so
that nothing but the library is needed. Exits 1 when something does not hold.
"""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "model.safetensors": bytes(range(256)) * 2000,
    "config.json": b'{"architecture": "resnet18"}',
}
HELPER = "cargo test -q --test hub -- --exact processes::another_process --ignored".split()
served = []


def is_large(name):
    return name.endswith(".safetensors")


def etag(name):
    data = FILES[name]
    if is_large(name):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", **headers):
        if status == 200 and (span := self.headers.get("Range")):
            first, _, last = span.removeprefix("bytes=").partition("-")
            last = int(last) if last else len(body) - 1
            headers["Content_Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[int(first) : last + 1]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        entries = []
        for name in json.loads(asked)["paths"]:
            if name not in FILES:
                continue
            entry = {"type": "file", "path": name, "size": len(FILES[name]), "oid": etag(name)}
            if is_large(name):
                entry["lfs"] = {"oid": etag(name), "size": len(FILES[name]), "pointerSize": 134}
            entries.append(entry)
        self.reply(200, json.dumps(entries).encode(), Content_Type="application/json")

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/owner/name"):
            siblings = [{"rfilename": name} for name in FILES]
            info = {"id": "owner/name", "sha": COMMIT, "siblings": siblings}
            return self.reply(200, json.dumps(info).encode(), Content_Type="application/json")
        name = path.rsplit("/", 1)[-1]
        head = {"X_Repo_Commit": COMMIT}
        if name not in FILES:
            return self.reply(404, b"", X_Error_Code="EntryNotFound", **head)
        head["ETag"] = f'"{etag(name)}"'
        if not is_large(name):
            return self.reply(200, FILES[name], **head)
        head["X_Linked_Etag"] = head["ETag"]
        head["X_Linked_Size"] = str(len(FILES[name]))
        self.reply(302, b"", Location=f"{Bytes.address}/{name}", **head)


class Bytes(Handler):
    """The second host: it has the bytes of large files and none of the hub's headers."""

    address = ""

    def do_GET(self):
        name = self.path.lstrip("/")
        if self.command == "GET":
            served.append(name)
        self.reply(200, FILES[name], ETag='"another"', Accept_Ranges="bytes")


def start(handler):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


PYTHON = """
import sys
from huggingface_hub import hf_hub_download, scan_cache_dir, try_to_load_from_cache
only = sys.argv[1] == "find"
for name in ["model.safetensors", "config.json"]:
    print(hf_hub_download("owner/name", name, local_files_only=only))
print("known to be missing:", try_to_load_from_cache("owner/name", "preprocessor_config.json"))
report = scan_cache_dir()
assert not report.warnings, report.warnings
(repo,) = report.repos
assert [r.commit_hash for r in repo.revisions] == ["%s"], repo
assert list(repo.refs) == ["main"], repo
""" % COMMIT


def run(command, endpoint, cache):
    env = dict(os.environ, HF_ENDPOINT=endpoint, HF_HUB_CACHE=cache, HUB_TEST_ENDPOINT=endpoint)
    env.update(HUB_TEST_CACHE=cache, HF_HUB_DISABLE_XET="1", NO_PROXY="127.0.0.1")
    for name in ["HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_DISABLE_SYMLINKS"]:
        env.pop(name, None)
    subprocess.run(command, env=env, check=True)


def contents(cache):
    """Every file with its link and its time."""
    found = {}
    for path in pathlib.Path(cache).rglob("*"):
        if path.is_symlink() or path.is_file():
            link = os.readlink(path) if path.is_symlink() else ""
            found[str(path.relative_to(cache))] = (link, path.lstat().st_mtime_ns)
    return found


def main():
    ours = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else HELPER
    Bytes.address = start(Bytes)
    endpoint = start(Handler)
    layouts = []
    for first, second in [("convscope", "python"), ("python", "convscope")]:
        with tempfile.TemporaryDirectory() as folder:
            cache = str(pathlib.Path(folder, "hub"))
            commands = {"convscope": ours, "python": [sys.executable, "-c", PYTHON, "fetch"]}
            served.clear()
            run(commands[first], endpoint, cache)
            assert served == ["model.safetensors"], f"{first} asked for {served}"
            before = contents(cache)
            if second == "python":
                run([sys.executable, "-c", PYTHON, "find"], endpoint, cache)
            run(commands[second], endpoint, cache)
            assert served == ["model.safetensors"], f"{second} asked for {served}"
            changed = {k for k, v in before.items() if contents(cache).get(k) != v}
            assert not changed, f"{second} changed {changed}"
            repo = "models--owner--name/"
            layouts.append({k: v[0] for k, v in before.items() if k.startswith(repo)})
            print(f"{second} found what {first} downloaded")
    ours, theirs = layouts
    print("only in convscope's cache:", sorted(ours.keys() - theirs.keys()))
    print("only in Python's cache:", sorted(theirs.keys() - ours.keys()))
    for name in ours.keys() & theirs.keys():
        assert ours[name] == theirs[name], f"{name}: {ours[name]} is not {theirs[name]}"


if __name__ == "__main__":
    main()
