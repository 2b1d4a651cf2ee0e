"""RabbitMQ without an installation: which packages, from where, what is said where there are none.

No network: what apt prints is given, or an apt of a few lines prints it.
"""

import hashlib
from pathlib import Path

import pytest

from deliverycheck.brokers.provision import ProvisionError, Status, diagnose
from deliverycheck.brokers.provision import rabbitmq_mirror as mirror
from deliverycheck.brokers.provision.cache import made_in_place, notes_of
from deliverycheck.brokers.provision.progress import Progress, silent
from deliverycheck.brokers.provision.rabbitmq import (
    CHOSEN,
    packages_folder,
    provide_rabbitmq,
)
from deliverycheck.brokers.provision.rabbitmq_apt import require_hash
from deliverycheck.brokers.provision.rabbitmq_mirror import Archive, uris_of_lists, uris_of_sources
from deliverycheck.brokers.provision.rabbitmq_packages import (
    Package,
    Wanted,
    closure,
    parse_packages,
)
from deliverycheck.brokers.provision.rabbitmq_unpacked import server_of

QUIET = Progress(silent)
DEBIAN = Archive(distribution="debian", codename="bookworm", uri="mirror:/debian")
SHOWN = """\
Package: rabbitmq-server
Version: 4.3.6-1
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: adduser, erlang-base (>= 1:26) | erlang-base-hipe (>= 1:26), erlang-asn1, logrotate
SHA256: aa

Package: erlang-base
Version: 1:29.1.1+dfsg-1
Depends: libc6 (>= 2.43), zlib1g, erlang-doc, libpam0g
SHA256: bb

Package: erlang-asn1
Version: 1:29.1.1+dfsg-1
Depends: erlang-base (= 1:29.1.1+dfsg-1)
SHA256: cc

Package: libc6
Version: 2.43-7
SHA256: dd

Package: zlib1g
Version: 1:1.3
SHA256: ee

Package: only-described-by-name
Version: 1
"""


DEB822 = """\
Types: deb
URIs: m:/security
Suites: bookworm-security

Enabled: no
URIs: no:/
Suites: bookworm

Types: deb-src
URIs: no:/
Suites: bookworm

Types: deb
# URIs: no:/
URIs: m:/debian also:/
Suites: bookworm bookworm-updates
"""


# Versions that a name accepts.


@pytest.mark.parametrize(
    ("name", "version", "accepted"),
    [
        ("4", "4.3.6-1", True),
        ("4", "4.0.5-6+deb13u2", True),
        ("4", "3.13.7", False),
        ("4", "5.0.0~rc1-1", False),
        ("4.0", "4.0.5-6+deb13u2", True),
        ("4.0", "4.1.0", False),
        ("3.10", "3.10.8-1.1+deb12u1", True),
        ("3.10", "3.1.5", False),
        ("4.3.6", "1:4.3.6-1", True),
        ("4.3.6", "4.3.60", False),
        ("4", "", False),
    ],
)
def test_versions_that_begin_with_the_name_are_accepted(name, version, accepted):
    assert Wanted.parse(name).accepts(version) is accepted


@pytest.mark.parametrize("name", ["", "newest", "4.x", "4.3.6.1", "-1"])
def test_what_is_no_version_is_refused_with_examples(name):
    with pytest.raises(ProvisionError, match=r"is no version\n.*4, 4\.0, 4\.3\.6 or 3\.10"):
        Wanted.parse(name)


# Packages.


def test_packages_without_a_hash_are_not_there():
    assert set(parse_packages(SHOWN)) == {
        "rabbitmq-server",
        "erlang-base",
        "erlang-asn1",
        "libc6",
        "zlib1g",
    }


def test_closure_takes_what_a_node_needs_and_nothing_else():
    index, asked = parse_packages(SHOWN), []

    def show(names):
        asked.extend(names)
        return {name: index[name] for name in names if name in index}

    packages = closure(show)
    assert [package.name for package in packages] == [
        "erlang-asn1",
        "erlang-base",
        "libc6",
        "rabbitmq-server",
        "zlib1g",
    ]
    assert len(asked) == len(set(asked)), "each package is asked for once"
    assert not {"logrotate", "erlang-doc", "libpam0g", "adduser"} & set(asked)
    assert [package.name for package in packages if not package.is_erlang] == ["libc6", "zlib1g"]


def test_package_with_other_bytes_than_the_signed_index_says_is_refused(tmp_path):
    file = tmp_path / "libc6_2.43-7_amd64.deb"
    file.write_bytes(b"other")
    right = Package(
        name="libc6", version="2.43-7", sha256=hashlib.sha256(b"right").hexdigest(), needs=()
    )
    with pytest.raises(ProvisionError, match=r"libc6_2\.43-7_amd64\.deb has SHA-256"):
        require_hash(file, right)


# Where from.


def test_mirror_is_the_one_of_the_release_itself():
    targets = (
        "a:/debian-security\tbookworm-security\tDebian-Security\n"
        "b:/other\tbookworm\tSomebody\n"
        "c:/debian\tbookworm\tDebian\nno line of ours\n"
    )
    assert list(uris_of_lists(targets, "bookworm")) == ["c:/debian"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", "# deb no:/ bookworm main\ndeb [arch=amd64] m:/debian bookworm main\n"),
        (
            "debian.sources",
            DEB822,
        ),
    ],
    ids=["one-line-format", "deb822-format"],
)
def test_mirror_of_a_machine_whose_lists_were_never_fetched(name, text):
    assert list(uris_of_sources([(name, text)], "bookworm")) == ["m:/debian"]


@pytest.mark.parametrize(
    ("version", "suites"),
    [
        ("4", ("testing", "stable", "bookworm")),
        ("4.0", ("trixie", "testing", "stable", "bookworm")),
        ("3.10", ("bookworm", "testing", "stable")),
    ],
)
def test_suites_of_debian(version, suites):
    assert DEBIAN.suites(Wanted.parse(version)) == suites


def test_suites_of_ubuntu_are_its_own():
    ubuntu = Archive(distribution="ubuntu", codename="noble", uri="m:/ubuntu")
    assert ubuntu.suites(Wanted.parse("4.0")) == ("devel", "noble")
    assert "ubuntu-archive-keyring.gpg] m:/ubuntu noble main universe" in ubuntu.source_line(
        "noble"
    )


def test_nothing_is_fetched_that_the_distributions_key_did_not_sign():
    assert "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg" in DEBIAN.source_line("x")


# Where it cannot be had.


@pytest.fixture
def cut_off(tmp_path, monkeypatch):
    """An empty cache; programs are what the test puts into ``bin``."""
    monkeypatch.setenv("DELIVERYCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(CHOSEN, raising=False)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for tool in ("sh", "cat"):
        (bin_folder / tool).symlink_to(Path("/bin", tool))
    monkeypatch.setenv("PATH", str(bin_folder))
    return bin_folder


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake_apt(folder, server):
    """Lists name a mirror; every suite has the server of this version."""
    targets = "printf 'm:/debian\\tbookworm\\tDebian\\n'"
    program(folder / "apt-get", f'case "$*" in *indextargets*) {targets};; esac')
    shown = f"Package: rabbitmq-server\nVersion: {server}\nSHA256: aa\n" if server else ""
    shown_file = folder / "shown"
    shown_file.write_text(shown)
    program(folder / "apt-cache", f"cat '{shown_file}'")
    program(folder / "dpkg-deb", "exit 1")


def this_machine_is(monkeypatch, tmp_path, distribution, codename):
    release = tmp_path / "os-release"
    release.write_text(f'ID={distribution}\nVERSION_CODENAME="{codename}"\n')
    monkeypatch.setattr(mirror, "_OS_RELEASE", release)


@pytest.mark.usefixtures("cut_off")
def test_machine_without_apt_gets_one_message_with_every_way_out():
    with pytest.raises(ProvisionError) as caught:
        provide_rabbitmq(QUIET)
    assert "no apt-get, apt-cache, dpkg-deb: not a Debian or Ubuntu" in caught.value.problem
    for way in ("PATH", CHOSEN, "--amqp"):
        assert way in caught.value.fix


def test_suites_with_other_versions_are_told_each_with_its_own(cut_off, tmp_path, monkeypatch):
    this_machine_is(monkeypatch, tmp_path, "debian", "bookworm")
    fake_apt(cut_off, "5.0.1-1")
    with pytest.raises(ProvisionError, match=r"no RabbitMQ 4 in debian: testing has 5\.0\.1-1; "):
        provide_rabbitmq(QUIET)
    assert notes_of(packages_folder()) is None
    assert not packages_folder().exists()


def test_ubuntu_whose_suites_have_no_server_says_so(cut_off, tmp_path, monkeypatch):
    this_machine_is(monkeypatch, tmp_path, "ubuntu", "noble")
    fake_apt(cut_off, None)
    (cut_off / "apt-get").write_text(
        (cut_off / "apt-get").read_text().replace("bookworm\\tDebian", "noble\\tUbuntu")
    )
    with pytest.raises(ProvisionError, match="devel has none; noble has none"):
        provide_rabbitmq(QUIET)


@pytest.mark.parametrize("distribution", ["fedora", ""])
def test_other_distribution_with_an_apt_is_told_what_is_needed(
    cut_off, tmp_path, monkeypatch, distribution
):
    this_machine_is(monkeypatch, tmp_path, distribution, "")
    fake_apt(cut_off, "4.3.6-1")
    with pytest.raises(ProvisionError, match="its packages are for Debian and Ubuntu, this is"):
        provide_rabbitmq(QUIET)


def test_suite_that_cannot_be_read_is_named_with_what_apt_said(cut_off, tmp_path, monkeypatch):
    this_machine_is(monkeypatch, tmp_path, "debian", "bookworm")
    fake_apt(cut_off, "4.3.6-1")
    script = (cut_off / "apt-get").read_text()
    failing = "*update*) echo 'Err:1 m:/debian testing InRelease';; esac"
    (cut_off / "apt-get").write_text(script.replace("esac", failing))
    with pytest.raises(ProvisionError, match="testing: suite testing: Err:1 m:/debian"):
        provide_rabbitmq(QUIET)


@pytest.mark.usefixtures("cut_off")
def test_doctor_says_in_one_line_that_there_is_none_to_be_had():
    found = {finding.component: finding for finding in diagnose()}["rabbitmq"]
    assert found.status is Status.MISSING
    assert "no apt-get" in str(found)
    assert "\n" not in str(found)


def test_doctor_says_from_where_it_would_be_fetched(cut_off, tmp_path, monkeypatch):
    this_machine_is(monkeypatch, tmp_path, "debian", "bookworm")
    fake_apt(cut_off, "4.3.6-1")
    found = {finding.component: finding for finding in diagnose()}["rabbitmq"]
    assert found.status is Status.WILL_FETCH
    assert "from debian testing or stable or bookworm, 54 MB" in str(found)


def test_packages_that_bring_no_server_are_told(tmp_path):
    with pytest.raises(ProvisionError, match="the packages brought no server"):
        server_of(tmp_path)


# What is built in its place.


def test_what_is_built_in_its_place_is_there_with_its_stamp_or_not_at_all(tmp_path):
    folder = tmp_path / "tool"

    def interrupted(place):
        assert place == folder, "paths inside are the final ones"
        (place / "content").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_in_place(folder, interrupted, QUIET)
    assert not folder.exists()
    assert made_in_place(folder, lambda _: {"version": "1"}, QUIET) == {"version": "1"}
    assert notes_of(folder) == {"version": "1"}


def test_what_a_killed_set_up_left_in_its_place_is_built_anew(tmp_path):
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "half").touch()
    made_in_place(folder, lambda _: {"version": "1"}, QUIET)
    assert not (folder / "half").exists()
