"""Assembles a root file system that holds a Python interpreter, its libraries and given packages, and nothing else.

Usage, as root: ``python3.11 minimal_root.py DESTINATION --packages FOLDER [--check MODULE …]``. Everything is asked of
the interpreter that runs it, so that it works with any layout. What goes in: the interpreter, the standard library
without what a server never runs, the packages, the shared libraries that these link to, CA certificates, a user.
Python code is compiled.

A build for another platform takes the three steps one by one (``--only``): putting together and importing run programs
of that platform, which may be emulated; compiling gives the same on every platform, and is done natively.
"""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import re
import shutil
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

USER = 10001
EPOCH = 1_735_689_600
"""Time of every file, unless SOURCE_DATE_EPOCH says another: the first of January 2025."""
LEFT_OUT = {
    *("test", "tests", "idlelib", "turtledemo", "tkinter", "ensurepip", "lib2to3", "pydoc_data", "venv", "__pycache__"),
    *("site-packages", "dist-packages"),
}
"""Folders of the standard library that a server never runs, or that are put together here."""
LEFT_OUT_MODULES = re.compile(r"^(_tkinter|readline|_curses|_curses_panel|_gdbm|_dbm|nis|ossaudiodev|_test|_xxtest)")
"""Extension modules of terminals, old databases and the interpreter's own tests, for the libraries they pull in."""
LEFT_OUT_SUFFIXES = (".c", ".h", ".pxd", ".pyx", ".a")
STEPS = ("assemble", "compile", "check")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
TEXTS = {
    "etc/passwd": f"ralex:x:{USER}:{USER}:Ralex:/app:/sbin/nologin\n",
    "etc/group": f"ralex:x:{USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


class Root:
    """The tree that is being put together."""

    def __init__(self, destination: Path) -> None:
        self.path = destination

    def make(self) -> None:
        """Makes the empty tree."""
        destination = self.path
        destination.mkdir(parents=True)
        # Where /lib is a link to usr/lib it has to be one here too, or each library would be there twice.
        for name in ("lib", "lib64", "lib32"):
            link = Path("/", name)
            if link.is_symlink():
                target = link.readlink().as_posix().lstrip("/")
                (destination / target).mkdir(parents=True, exist_ok=True)
                (destination / name).symlink_to(target)

    def at(self, path: Path) -> Path:
        """Where an absolute path lies in the tree; its folder exists then."""
        place = self.path / path.as_posix().lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def copy(self, file: Path) -> None:
        """Takes a file to the same path, with its content where it is a link."""
        place = self.at(file)
        if not place.exists():
            shutil.copy(file, place)

    def link(self, path: Path, target: Path) -> None:
        """Makes a link unless there is something already."""
        place = self.at(path)
        if path != target and not place.exists() and not place.is_symlink():
            place.symlink_to(target)


def standard_library(root: Root) -> None:
    """The interpreter and its library."""
    executable = Path(sys.executable).resolve()
    root.copy(executable)
    root.link(Path("/usr/local/bin/python3.11"), executable)

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {
            name
            for name in names
            if name in LEFT_OUT
            or name.startswith("config-")
            or (name.endswith(".so") and LEFT_OUT_MODULES.match(name))
            or name.endswith(LEFT_OUT_SUFFIXES)
        }

    for kind in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        shutil.copytree(kind, root.at(Path(kind)), ignore=left_out, dirs_exist_ok=True)


def packages(root: Root, folder: Path) -> None:
    """The packages, where the interpreter looks for them."""
    place = root.at(Path(sysconfig.get_path("purelib")))

    def left_out(_: str, names: list[str]) -> set[str]:
        return {name for name in names if name in ("tests", "__pycache__", "bin") or name.endswith(LEFT_OUT_SUFFIXES)}

    shutil.copytree(folder, place, ignore=left_out, dirs_exist_ok=True)


def linked(file: Path) -> set[Path] | None:
    """The shared libraries that an ELF file needs, the loader included; None where this machine lacks one."""
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
    if "not found" in done.stdout:
        return None
    return {Path(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE)}


def libraries(root: Root) -> None:
    """What the interpreter and every extension module are linked to."""
    needed = linked(Path(sys.executable).resolve()) or set()
    for extension in [file for file in root.path.rglob("*.so*") if file.is_file()]:
        found = linked(extension)
        if found is None:
            # It could not be loaded on the base image either; whether anything needs it, the check of imports tells.
            print(f"left out, since the base image lacks a library of it: {extension.relative_to(root.path)}")
            extension.unlink()
        else:
            needed |= found
    # Before glibc 2.34 name look-up was in modules of its own, which nothing links to.
    folders = {library.parent for library in needed if library.name.startswith("libc.so")}
    needed.update(file for folder in folders for file in folder.glob("libnss_[df][ni][sl]*.so.2"))
    for library in needed:
        # Libraries that a package brings along lie in the tree already.
        if not library.is_relative_to(root.path):
            root.copy(library)
    cache = Path("/etc/ld.so.cache")
    if cache.exists():
        root.copy(cache)


def certificates(root: Root) -> None:
    """The CA certificates, where this interpreter's OpenSSL looks for them."""
    if not CERTIFICATES.exists():
        sys.exit(f"{CERTIFICATES} is missing: the base image has no CA certificates")
    root.copy(CERTIFICATES)
    root.link(Path(ssl.get_default_verify_paths().openssl_cafile), CERTIFICATES)


def system_files(root: Root) -> None:
    """The few files of a system."""
    for name, text in TEXTS.items():
        root.at(Path(name)).write_text(text)
    (root.path / "app").mkdir()
    (root.path / "tmp").mkdir()
    (root.path / "tmp").chmod(0o1777)


def compile_code(root: Root, epoch: int) -> None:
    """Compiles all code, and gives everything the same time on every build."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")}:
        place = root.at(Path(folder))
        compileall.compile_dir(
            place, stripdir=str(root.path), prependdir="/", quiet=2, workers=0, invalidation_mode=mode
        )
    for path in (root.path, *root.path.rglob("*")):
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def check(root: Root, modules: list[str]) -> None:
    """Imports modules inside the tree, with nothing else to fall back on."""
    code = f"import ssl, {', '.join(modules)}; ssl.create_default_context()"
    command = ["chroot", str(root.path), str(Path(sys.executable).resolve()), "-c", code]
    subprocess.run(command, check=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})


def main() -> None:
    """Puts everything together and says how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("destination", type=Path)
    parser.add_argument("--packages", type=Path, help="folder that pip installed into")
    parser.add_argument("--only", choices=STEPS, help="one step, on what the steps before it left; all by default")
    parser.add_argument("--check", nargs="*", default=[], help="modules that have to be importable in the end")
    options = parser.parse_args()
    steps = STEPS if options.only is None else (options.only,)
    if "assemble" in steps and options.packages is None:
        parser.error("to assemble needs --packages")
    root = Root(options.destination.resolve())
    if "assemble" in steps:
        root.make()
        standard_library(root)
        packages(root, options.packages)
        libraries(root)
        certificates(root)
        system_files(root)
    if "compile" in steps:
        compile_code(root, int(os.environ.get("SOURCE_DATE_EPOCH", EPOCH)))
    if "check" in steps:
        check(root, options.check)
    size = sum(file.lstat().st_size for file in root.path.rglob("*") if not file.is_dir())
    print(f"{root.path}: {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
