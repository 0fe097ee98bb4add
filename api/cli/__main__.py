"""`python -m api.cli`: the `longan` command without its script."""

from api.cli import app

if __name__ == "__main__":
    app()
