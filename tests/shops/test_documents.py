import time
from contextlib import suppress

import pytest

from shops.documents import BadDocument, check_document

HEAD, TAIL = b"%PDF-1.7\n", b"\n%%EOF"


@pytest.mark.parametrize(
    "name",
    [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/EmbeddedFiles", b"/RichMedia", b"/Encrypt"],
)
def test_each_kind_of_action_is_found_however_it_is_written(name: bytes) -> None:
    escaped = b"/" + b"".join(b"#%02x" % sign for sign in name[1:])
    for written in (name, escaped, name[:2] + escaped[4:]):
        with pytest.raises(BadDocument):
            check_document(HEAD + b"<< /S " + written + b" >>" + TAIL)


def test_names_that_only_begin_alike_are_fine() -> None:
    check_document(HEAD + b"<< /Launcher 1 /EncryptMetadata true >>" + TAIL)


@pytest.mark.parametrize("repeated", [b"stream", b"/ObjStm", b"/ObjStm /FlateDecode stream", b"#4"])
def test_a_document_made_to_be_slow_is_not(repeated: bytes) -> None:
    content = HEAD + repeated * (5_000_000 // len(repeated)) + TAIL
    begun = time.process_time()
    with suppress(BadDocument):
        check_document(content)
    assert time.process_time() - begun < 3
