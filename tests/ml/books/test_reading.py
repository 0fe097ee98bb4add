"""Files from any country become tables; malformed ones are refused by row."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from ml.books.findings import BookRefused, Notes
from ml.books.reading import read

LINES = "id,name,amount\n1,Müller,3\n2,Zoë,4\n"


def table(path: Path, data: bytes) -> tuple[pd.DataFrame, Notes]:
    path.write_bytes(data)
    notes = Notes()
    return read(path, notes), notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings_of_the_west(tmp_path: Path, encoding: str) -> None:
    found, _ = table(tmp_path / "book.csv", LINES.encode(encoding))
    assert found.to_dict("list") == {"id": ["1", "2"], "name": ["Müller", "Zoë"], "amount": ["3", "4"]}


def test_gbk_is_told_from_latin_1(tmp_path: Path) -> None:
    found, notes = table(tmp_path / "book.csv", "姓名,违约\n张三,1\n李四,0\n".encode("gbk"))
    assert found.to_dict("list") == {"姓名": ["张三", "李四"], "违约": ["1", "0"]}
    assert notes.warnings == ["The file isn't UTF-8; it was read as gb18030."]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_sniffed(tmp_path: Path, separator: str) -> None:
    found, _ = table(tmp_path / "book.csv", LINES.replace(",", separator).encode())
    assert list(found.columns) == ["id", "name", "amount"]


def test_a_decimal_comma_is_no_separator(tmp_path: Path) -> None:
    found, _ = table(tmp_path / "book.csv", b"a;b\n1,5;2,5\n3,5;4,5\n")
    assert found.to_dict("list") == {"a": ["1,5", "3,5"], "b": ["2,5", "4,5"]}


def test_gzip_and_quotes(tmp_path: Path) -> None:
    found, _ = table(tmp_path / "book.csv.gz", gzip.compress(b'a,b\n"x, y","he said ""no"""\n'))
    assert found.to_dict("list") == {"a": ["x, y"], "b": ['he said "no"']}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "book.parquet"
    pd.DataFrame({"n": [1.5, None], "flag": [True, False]}).to_parquet(path)
    found = read(path, Notes())
    assert str(found["n"].dtype) == "float64"
    assert found["flag"].tolist() == [True, False]


def test_equal_and_empty_names_are_made_single(tmp_path: Path) -> None:
    found, notes = table(tmp_path / "book.csv", b"a,a,\n1,2,3\n")
    assert list(found.columns) == ["a", "a.2", "unnamed 3"]
    assert notes.warnings == ["Two columns are called a; the one in place 2 is called a.2 here."]


def test_rows_of_another_length_are_refused_by_number(tmp_path: Path) -> None:
    with pytest.raises(BookRefused) as refused:
        table(tmp_path / "book.csv", b"a,b\n1,2\n1,2,3\n4\n")
    assert [(each.row, each.why) for each in refused.value.findings] == [
        (2, "3 cells, but the header has 2"),
        (3, "1 cells, but the header has 2"),
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"a,b\n", "a header but no row"),
        (b'a,b\n1,"2\n3,4\n', "quotation mark"),
        (b"\x1f\x8bnonsense", "can't be read"),
        (b"PAR1nonsense", "can't be read as Parquet"),
        (b"a,b\n1,\x002\n", "zero byte"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(BookRefused, match=why):
        table(tmp_path / "book.csv", data)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookRefused, match="can't be read"):
        read(tmp_path / "none.csv", Notes())
