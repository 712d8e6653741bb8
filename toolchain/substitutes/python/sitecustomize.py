"""Adds the usual place for packages, where Debian's interpreter looks in dist-packages only.

Debian's choice is compiled into the interpreter (its site module is frozen), so it cannot be edited there.
"""

import site
import sys

if sys.prefix == sys.base_prefix:
    _packages = f"{sys.prefix}/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    site.addsitedir(_packages)
    site.getsitepackages = lambda prefixes=None: [_packages]
