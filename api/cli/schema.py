"""`longan schema`: writes down what the three doors serve, and the codes that they answer with."""


def schema() -> None:
    """Write the served schemas to api/contract, and the pages api/codes.md and api/states.md, for review with what changed them."""
    from api import codes, states
    from api.contract import served

    for file, text in served():
        file.write_text(text, "utf-8")
    codes.FILE.write_text(codes.page(), "utf-8")
    states.FILE.write_text(states.page(), "utf-8")
