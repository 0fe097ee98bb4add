#!/bin/sh
# Makes a virtual environment and installs into it what the requirements name, each file checked against its hash.
set -eu

venv=$1
requirements=$2

fail() {
    echo "longan: $*" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

python=
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if is_new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed: make run PYTHON=/path/to/python"

echo "Installing into $venv (only when the requirements change)"
rm -f "$venv/installed"
# Debian packs pip and venv apart, so the pip that is there installs into an environment that has none of its own.
if "$python" -m pip --version >/dev/null 2>&1; then
    [ -x "$venv/bin/python" ] || "$python" -m venv --clear --without-pip "$venv"
    pip() { "$python" -m pip --python "$venv/bin/python" --disable-pip-version-check --quiet "$@"; }
else
    [ -x "$venv/bin/pip" ] || "$python" -m venv --clear "$venv" || fail "pip is needed, or Python's venv with ensurepip"
    pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
fi

pip install --require-hashes --no-deps --only-binary :all: -r "$requirements/installer.txt"
# uv is ten times quicker than pip; where it cannot reach the packages that pip can, pip does the same, slower.
# It trusts whom the system trusts, as pip does: a company's proxy signs with a certificate of its own.
if ! UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements/dev.txt"; then
    echo "uv could not; installing with pip instead"
    pip install --require-hashes --no-deps -r "$requirements/dev.txt"
fi
pip install --no-deps --no-build-isolation --editable .
