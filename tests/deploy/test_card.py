"""lampd.txt of a card (deploy/image/card.py): what is read from it, what is refused, and where the rest goes."""

import base64
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

IMAGE = Path(__file__).parents[2] / "deploy" / "image"
KEY = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode() + " me@home"


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("card", IMAGE / "card.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


card = module()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in {
        "usr/lib/lampd-card/boards": "le-potato\nraspberry-pi-4\n",
        "usr/share/zoneinfo/Europe/Berlin": "",
        "usr/sbin/NetworkManager": "",
        "etc/hosts": "127.0.0.1\tlocalhost\n127.0.1.1\tlamp\n",
        "etc/hostname": "lamp\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "boot/firmware").mkdir(parents=True)
    return tmp_path


def faults(root: Path, text: str | bytes, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is said of a lampd.txt, which is applied."""
    (root / "boot/firmware/lampd.txt").write_bytes(text.encode() if isinstance(text, str) else text)
    code = card.main(root)
    said = capsys.readouterr().err
    assert code == (1 if said else 0)
    return said.splitlines()


def network(root: Path) -> str:
    return (root / "run/NetworkManager/system-connections/lampd-card.nmconnection").read_text()


def test_all_of_it_goes_where_it_belongs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"""
        # a lamp
        hostname = Kitchen-2
        ssh_key = {KEY}
        ssh_key = {KEY} too
        wifi_name = Häuschen; oben
        wifi_password = two words\\ = #1
        wifi_country = de
        board=le-potato
        timezone = Europe/Berlin
    """
    assert faults(root, text, capsys) == []
    assert (root / "etc/hostname").read_text() == "kitchen-2\n"
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tkitchen-2\n"
    assert (root / "run/lampd-card/authorized_keys").read_text() == f"{KEY}\n{KEY} too\n"
    assert (root / "run/lampd-card/board").read_text() == "le-potato\n"
    assert str((root / "etc/localtime").readlink()) == "/usr/share/zoneinfo/Europe/Berlin"
    written = network(root)
    name = "Häuschen; oben".encode()
    assert f"ssid={''.join(f'{byte};' for byte in name)}\n" in written
    assert "psk=two\\swords\\\\\\s=\\s#1\n" in written
    place = root / "run/NetworkManager/system-connections/lampd-card.nmconnection"
    assert place.stat().st_mode & 0o777 == 0o600


def test_the_card_as_it_is_made_says_nothing_wrong(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (IMAGE / "lampd.txt").read_text()
    assert faults(root, text, capsys) == []
    assert not (root / "run/lampd-card/board").exists()
    assert not (root / "run/lampd-card/authorized_keys").exists()
    # and each key that there is stands in it
    assert all(f"{key} = " in text for key in card.KEYS)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_computers_editor_will_do(root: Path, capsys: pytest.CaptureFixture[str], ends: str, encoding: str) -> None:
    text = ends.join(["# Küche", "hostname = kitchen", "", "board = le-potato"])
    assert faults(root, text.encode(encoding), capsys) == []
    assert (root / "etc/hostname").read_text() == "kitchen\n"
    assert (root / "run/lampd-card/board").read_text() == "le-potato\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hostnme = kitchen", "'hostnme' is not a key; did you mean hostname?"),
        ("volume = 11", "'volume' is not a key; there are hostname, ssh_key"),
        ("hostname", "must be: key = value"),
        ("hostname = my lamp", "hostname: letters, digits and hyphens"),
        ("hostname = -lamp", "hostname: letters, digits and hyphens"),
        ("hostname = " + "a" * 64, "hostname: letters, digits and hyphens, 63 at most"),
        ("hostname = küche", "hostname: letters, digits and hyphens"),
        ("ssh_key = AAAAC3NzaC1lZDI1NTE5", "ssh_key: the whole line of a public key file"),
        ("ssh_key = ssh-ed25519", "ssh_key: the whole line of a public key file"),
        ("ssh_key = ssh-rsa " + KEY.split()[1], "ssh_key: the whole line of a public key file"),
        ("ssh_key = ssh-ed25519 !!!", "ssh_key: the whole line of a public key file"),
        ("wifi_name = " + "ä" * 17, "wifi_name: a network's name has 32 bytes at most"),
        ("wifi_password = long enough", "wifi_password: there is no wifi_name"),
        ("wifi_country = Germany", "wifi_country: two letters"),
        ("board = raspberry-pi-9", "board: there are le-potato, raspberry-pi-4"),
        ("timezone = ../../etc/passwd", "timezone: a name such as Europe/Berlin"),
        ("timezone = Europe", "timezone: a name such as Europe/Berlin"),
        ("timezone = Mars/Olympus", "timezone: a name such as Europe/Berlin"),
    ],
)
def test_what_will_not_do_is_named_and_the_rest_applied(
    root: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    found = faults(root, f"# lamp\n{line}\nssh_key = {KEY}\n", capsys)
    assert len(found) == 1
    assert found[0].startswith(f"<3>lampd.txt: line 2: {said}")
    assert (root / "run/lampd-card/authorized_keys").read_text() == f"{KEY}\n"
    assert (root / "etc/hostname").read_text() == "lamp\n"


@pytest.mark.parametrize(
    ("compatible", "board"),
    [
        ("raspberrypi,3-model-b-plus\0brcm,bcm2837\0", "raspberry-pi-3"),
        ("raspberrypi,400\0brcm,bcm2711\0", "raspberry-pi-4"),
        ("raspberrypi,5-model-b\0brcm,bcm2712\0", "raspberry-pi-5"),
        ("raspberrypi,model-zero-2-w\0brcm,bcm2837\0", "raspberry-pi-zero-2-w"),
        ("libretech,aml-s905x-cc\0amlogic,s905x\0", "le-potato"),
        ("linux,dummy-virt\0", None),
    ],
)
def test_a_board_is_known_by_itself_and_the_card_says_otherwise(
    root: Path, capsys: pytest.CaptureFixture[str], compatible: str, board: str | None
) -> None:
    (root / "proc/device-tree").mkdir(parents=True)
    (root / "proc/device-tree/compatible").write_text(compatible)
    said = root / "run/lampd-card/board"
    assert faults(root, "", capsys) == []
    assert (said.read_text().strip() if said.exists() else None) == board
    faults(root, "board = raspberry-pi-9", capsys)
    assert (said.read_text().strip() if said.exists() else None) == board
    assert faults(root, "board = le-potato", capsys) == []
    assert said.read_text() == "le-potato\n"
    # and no boot goes by what the one before was told
    assert faults(root, "", capsys) == []
    assert (said.read_text().strip() if said.exists() else None) == board


def test_the_first_of_two_holds(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = faults(root, "hostname = one\nhostname = two\n", capsys)
    assert found == ["<3>lampd.txt: line 2: hostname is said on line 1 already, and that holds"]
    assert (root / "etc/hostname").read_text() == "one\n"


def test_no_password_is_ever_repeated(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "wifi_name = n\nwifi_password = s3cret\nwifi_pasword = s3cret1234\ns3cret1234\n\xff"
    found = faults(root, text.encode("latin-1"), capsys)
    assert len(found) == 4
    assert not [line for line in found if "s3cret" in line]
    # and a network with a password that will not do is not joined without one
    assert not (root / "run/NetworkManager").exists()


def test_an_open_network_needs_no_password(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(root, "wifi_name = cafe\n", capsys) == []
    assert "wifi-security" not in network(root)


def test_without_network_manager_there_is_no_wifi(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "usr/sbin/NetworkManager").unlink()
    found = faults(root, "hostname = one\nwifi_name = cafe\n", capsys)
    assert found == [
        "<3>lampd.txt: line 2: wifi_name: there is no NetworkManager in this image, so no Wi-Fi; use a cable"
    ]
    assert (root / "etc/hostname").read_text() == "one\n"


def test_without_the_file_the_lamp_goes_by_what_the_image_was_made_for(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert card.main(root) == 1
    assert capsys.readouterr().err.startswith("<3>lampd.txt: No such file or directory; going by what the image")
    assert not (root / "run/lampd-card/board").exists()


def test_garbage_ends_in_words(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (bytes(range(256)) * 8, b"\xff\xfe\x00", b"=\n==\n", b"hostname = \0\n"):
        assert faults(root, content, capsys)
