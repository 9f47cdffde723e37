"""A file that one operation of an own document uploads, another returns: in forks, capsules and after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from tests.own_documents.served import DOCUMENTS, whole_server

from counterfoil.app import Application, build
from counterfoil.cli import main
from counterfoil.lookup import own_api
from counterfoil.testing.in_process import InProcessTransport

DOCUMENT = DOCUMENTS / "darkroom.yaml"
NEGATIVE = bytes(range(256)) * 4  # 1,024 bytes that are no text
WORLDS = "/_sandbox/v1/worlds"


def client_of(application: Application) -> httpx.Client:
    transport = InProcessTransport(application.asgi_app)
    return httpx.Client(
        transport=transport, base_url="http://localhost", headers={"Authorization": "Bearer x"}, timeout=60
    )


@pytest.fixture
def darkroom() -> Iterator[httpx.Client]:
    with whole_server(DOCUMENT, rows=3) as client:
        yield client


def test_the_file_of_a_form_comes_back_and_its_member_says_what_it_is(darkroom: httpx.Client) -> None:
    files = {"roll": ("beach.png", NEGATIVE, "image/png")}
    film = darkroom.post("/darkroom/films", files=files, data={"title": "Beach"}).json()
    said = {"title": "Beach", "filename": "beach.png", "size": 1024, "mime_type": "image/png"}
    assert film == {"id": film["id"], **said}
    path = f"/darkroom/films/{film['id']}"
    shown = darkroom.get(f"{path}/content")
    assert (shown.status_code, shown.headers["content-type"], shown.content) == (200, "image/png", NEGATIVE)
    assert shown.headers["content-security-policy"] == "sandbox"  # a page that was uploaded is not one of ours

    assert darkroom.patch(path, json={"title": "Sea"}).json() == {**film, "title": "Sea"}
    assert darkroom.get(f"{path}/content").content == NEGATIVE
    sent = darkroom.put(f"{path}/content", content=b"\n", headers={"content-type": "application/octet-stream"})
    assert sent.status_code == 204, sent.text
    assert darkroom.get(f"{path}/content").content == b"\n"
    assert darkroom.get(path).json()["size"] == 1
    assert darkroom.get(f"{path}/scan").content not in (NEGATIVE, b"\n")  # another thing

    assert darkroom.delete(path).status_code == 204
    assert darkroom.get(f"{path}/content").status_code == 404


def test_an_upload_that_is_answered_with_a_list_makes_a_member(darkroom: httpx.Client) -> None:
    made = darkroom.post("/darkroom/films/import", files={"file": ("b.bin", b"roll")}, data={"title": "Two"})
    assert made.status_code == 201, made.text
    (film,) = made.json()["entries"]
    assert (film["title"], film["size"]) == ("Two", 4)
    assert darkroom.get(f"/darkroom/films/{film['id']}").json() == film
    assert darkroom.get(f"/darkroom/films/{film['id']}/content").content == b"roll"
    assert darkroom.get(f"/darkroom/films/{film['id']}/raw").json() == "roll"


def test_each_path_that_is_put_to_has_a_file_of_its_own(darkroom: httpx.Client) -> None:
    one, other = (each["id"] for each in darkroom.get("/darkroom/films").json()[:2])
    label, html = f"/darkroom/films/{one}/label", {"content-type": "text/html"}
    assert darkroom.put(label, content="<b>1</b>", headers=html).status_code == 204
    assert darkroom.get(label).text == "<b>1</b>"
    assert darkroom.get(label).headers["content-type"].startswith("text/html")
    assert darkroom.get(f"/darkroom/films/{other}/label").text != "<b>1</b>"
    assert darkroom.get(f"/darkroom/films/{one}/content").text != "<b>1</b>"
    assert darkroom.put("/darkroom/films/none/label", content="x", headers=html).status_code == 404
    assert darkroom.delete(label).status_code == 204
    assert darkroom.get(label).status_code == 404

    sent = darkroom.put("/darkroom/prints/a", content=NEGATIVE, headers={"content-type": "image/gif"})
    assert sent.status_code == 204, sent.text
    assert darkroom.get("/darkroom/prints/a").content == NEGATIVE
    assert darkroom.get("/darkroom/prints/a").headers["content-type"] == "image/gif"
    assert darkroom.get("/darkroom/prints/b").content != NEGATIVE


def test_a_fork_and_a_capsule_have_the_file_and_a_reset_forgets_it(darkroom: httpx.Client) -> None:
    film = darkroom.post("/darkroom/films", files={"roll": ("a.bin", NEGATIVE)}).json()["id"]
    path = f"/darkroom/films/{film}/content"
    assert darkroom.post(f"{WORLDS}/default/fork", json={"name": "blue"}).status_code == 201
    capsule = darkroom.get(f"{WORLDS}/default/capsule")
    made = darkroom.post(WORLDS, json={"name": "green", "capsule": capsule.json()})
    assert made.status_code == 201, made.text
    assert darkroom.post(f"{WORLDS}/default/reset").status_code == 200
    assert darkroom.get(path).status_code == 404
    for world in ("blue", "green"):
        assert darkroom.get(f"/w/{world}{path}").content == NEGATIVE


def test_a_store_keeps_the_file(tmp_path: Path) -> None:
    path = ""
    for _ in range(2):
        application = build(own=[own_api(DOCUMENT, rows=3, seed=0)], store=str(tmp_path / "worlds.db"))
        with client_of(application) as client:
            if not path:
                film = client.post("/darkroom/films", files={"roll": ("a.bin", NEGATIVE)}).json()["id"]
                path = f"/darkroom/films/{film}/content"
            assert client.get(path).content == NEGATIVE
        application.close()


def test_a_command_writes_a_file_within_bounds(darkroom: httpx.Client) -> None:
    film = darkroom.get("/darkroom/films").json()[0]
    body = {"api": "darkroom", "collection": "/films", "id": film["id"], "value": film}
    command = f"{WORLDS}/default/commands/write_resource"
    wrong = darkroom.post(command, json={**body, "content": {"base64": "no!"}})
    assert (wrong.status_code, wrong.json()["detail"]) == (422, "uploaded content must be base64")
    done = darkroom.post(command, json={**body, "content": {"base64": "aGk=", "media_type": "image/png"}})
    assert done.status_code == 200, done.text
    assert darkroom.get(f"/darkroom/films/{film['id']}/content").content == b"hi"


def test_a_handler_has_the_files(tmp_path: Path) -> None:
    handlers = tmp_path / "handlers.py"
    handlers.write_text(
        "from counterfoil.own import handler\n"
        "@handler('POST /films')\n"
        "def make(request, store):\n"
        "    (file,) = request.files\n"
        "    said = f'{file.field} {file.name} {file.media_type} {len(file.data)}'\n"
        "    return store['/films'].create(title=said)\n"
    )
    with whole_server(DOCUMENT, handlers=handlers, rows=3) as client:
        made = client.post("/darkroom/films", files={"roll": ("a.png", NEGATIVE, "image/png")})
        assert made.json()["title"] == "roll a.png image/png 1024"


def test_inference_says_which_operation_uploads_what_is_shown() -> None:
    done = CliRunner().invoke(main, ["infer", str(DOCUMENT), "--why", "/films/{filmId}/content"])
    assert "role: download" in done.output
    assert "its response is the file that POST /films uploads" in done.output
    assert "role: made_up" in CliRunner().invoke(main, ["infer", str(DOCUMENT), "--why", "/films/{filmId}/scan"]).output
