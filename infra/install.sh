#!/bin/sh
# Makes a virtual environment and installs into it what the requirements name, each file checked against its hash.
set -eu

venv=$1
requirements=$2
python=${PYTHON:-python3}

fail() {
    echo "longan: $*" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "there is no $python; Python 3.11 or newer is needed (make run PYTHON=/path/to/python)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed; $python is older"

echo "Installing into $venv (only when the requirements change)"
rm -f "$venv/installed"
if [ ! -x "$venv/bin/pip" ]; then
    "$python" -m venv --clear "$venv" || fail "could not make $venv; on Debian: apt install python3-venv"
fi
pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"
}

pip install --require-hashes --no-deps --only-binary :all: -r "$requirements/installer.txt"
# uv is ten times quicker than pip; where it cannot reach the packages that pip can, pip does the same, slower.
if ! "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements/dev.txt"; then
    echo "uv could not; installing with pip instead"
    pip install --require-hashes --no-deps -r "$requirements/dev.txt"
fi
pip install --no-deps --no-build-isolation --editable .
