"""`longan schema`: writes down what the three doors serve."""


def schema() -> None:
    """Write the served schemas to api/contract, for review with the change that made them."""
    from api.contract import served

    for file, text in served():
        file.write_text(text, "utf-8")
