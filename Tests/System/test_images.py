# SPDX-License-Identifier: Apache-2.0
"""What image builders get: Packaging/yocto, Packaging/buildroot and Packaging/install.sh.

Neither BitBake nor Buildroot is here: the recipes are read, and what they call is run.
"""

import configparser
import fnmatch
import hashlib
import pathlib
import re
import shutil
import subprocess

import pytest
import rig
from daemon import BUILD, ROOT
from rig import CONTROL, IMAGE, Guest, needs_systemd

PACKAGING = ROOT / "Packaging"
UNITS = "usr/lib/systemd/system"
SYSUSERS = "usr/lib/sysusers.d/reprieve.conf"
LICENCE = (ROOT / "LICENSE").read_bytes()
ENABLED = {"reprieved.service", "reprieved.socket", "reprieved-control.socket"}


def version():
    shell = '. Packaging/version.sh && echo "$VERSION"'
    return subprocess.check_output(["sh", "-c", shell], cwd=ROOT, text=True).strip()


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The files that an image gets."""
    programs, tree = tmp_path_factory.mktemp("programs"), tmp_path_factory.mktemp("tree")
    for name in ["reprieved", "reprieve"]:
        (programs / name).write_text(name)
    subprocess.run([PACKAGING / "install.sh", programs, tree], check=True, timeout=20)
    return tree


def files(tree):
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}


def unit(tree, name):
    # As systemd has it: a key can stand there more than once.
    file = configparser.RawConfigParser(strict=False)
    file.optionxform = str
    file.read(tree / UNITS / name)
    return file


# install.sh


def test_an_image_has_what_the_debian_package_has_but_what_only_a_build_can_make(tree):
    lines = (PACKAGING / "debian/reprieve.install").read_text().splitlines()
    listed = [line.split() for line in lines if "completions/" not in line]
    packaged = {f"{to}/{path.split('/')[-1]}" for path, to in listed}
    packaged = {re.sub("^lib/", "usr/lib/", path) for path in packaged}
    # debhelper makes a maintainer script of it.
    assert files(tree) == packaged | {SYSUSERS, "usr/lib/systemd/system-preset/50-reprieve.preset"}


def test_the_programs_that_the_units_start_are_there_and_can_be_run(tree):
    started = set()
    for path in (tree / UNITS).glob("*.service"):
        started.add(unit(tree, path.name)["Service"]["ExecStart"].split()[0])
    assert started >= {"/usr/sbin/reprieved", "/usr/bin/reprieve"}
    for program in started:
        assert (tree / program.lstrip("/")).stat().st_mode & 0o777 == 0o755


def test_the_preset_decides_about_each_unit(tree):
    text = (tree / "usr/lib/systemd/system-preset/50-reprieve.preset").read_text()
    rules = [line.split() for line in text.splitlines() if not line.startswith("#")]
    decided = {}
    for path in (tree / UNITS).iterdir():
        decided[path.name] = next(do for do, what in rules if fnmatch.fnmatch(path.name, what))
    assert {name for name, do in decided.items() if do == "enable"} == ENABLED


def test_the_group_of_the_control_socket_is_made(tree):
    group = unit(tree, "reprieved-control.socket")["Socket"]["SocketGroup"]
    assert f"\ng {group} " in (tree / SYSUSERS).read_text()
    assert f'GROUPADD_PARAM:${{PN}} = "--system {group}"' in recipe()
    assert f"- - {group} -1 * - - - " in (BUILDROOT / "reprieve.mk").read_text()


# Yocto

YOCTO = PACKAGING / "yocto"


def recipe():
    [path] = (YOCTO / "recipes-core/reprieve").glob("reprieve_*.bb")
    return path.read_text()


def assigned(text):
    """The variables of a recipe, with what is not expanded."""
    text = text.replace("\\\n", " ")
    return dict(re.findall(r'^([\w:${}\[\]]+) \+?= "(.*)"$', text, re.MULTILINE))


def test_the_recipe_has_the_version_and_the_licence():
    [path] = (YOCTO / "recipes-core/reprieve").glob("*.bb")
    assert path.name == f"reprieve_{version()}.bb"
    md5 = hashlib.md5(LICENCE).hexdigest()
    assert assigned(recipe())["LIC_FILES_CHKSUM"] == f"file://LICENSE;md5={md5}"


def test_no_task_of_the_recipe_needs_a_network():
    values = assigned(recipe())
    assert values["SRC_URI"] == "file://reprieve-${PV}.tar.gz"
    # The class lets these two use it.
    assert values["do_compile[network]"] == "0"
    assert "\ndeltask do_swift_package_resolve\n" in recipe()


def test_the_recipe_has_systemd_start_what_is_there():
    assert set(assigned(recipe())["SYSTEMD_SERVICE:${PN}"].split()) == ENABLED
    assert re.search("^inherit .*systemd", recipe(), re.MULTILINE)


def test_the_recipe_builds_the_programs_that_are_installed():
    products = re.search(r"for product in (\[.*\]):", recipe())[1]
    assert products == '["reprieved", "reprieve"]'
    assert "\n    ${S}/Packaging/install.sh ${BUILD_DIR} ${D}\n" in recipe()
    # The class' own default is weaker than BitBake's, which is the source.
    assert assigned(recipe())["B"] == "${WORKDIR}/build"


def test_the_layer_finds_its_recipe():
    pattern = assigned((YOCTO / "conf/layer.conf").read_text().replace("+=", "="))["BBFILES"]
    assert list(YOCTO.glob(pattern.removeprefix("${LAYERDIR}/")))


# Buildroot

BUILDROOT = PACKAGING / "buildroot/package/reprieve"
# Stands for Buildroot, and for the infrastructure of buildroot-swift.
SHOW = """
BR2_EXTERNAL_REPRIEVE_PATH = {path}
swift-package = REPRIEVE_BUILT = yes
include {path}/external.mk
$(info $(REPRIEVE_VERSION)|$(REPRIEVE_SITE_METHOD)|$(REPRIEVE_SITE)|$(REPRIEVE_BUILT))
$(info $(REPRIEVE_BUILD_CMDS)$(REPRIEVE_INSTALL_TARGET_CMDS))
all:
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """What make reads of the package."""
    path = tmp_path_factory.mktemp("buildroot") / "Makefile"
    path.write_text(SHOW.format(path=PACKAGING / "buildroot"))
    command = ["make", "--silent", "--warn-undefined-variables", "-f", path]
    return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).split("\n")


def test_the_package_has_the_version_and_the_licence(made):
    assert made[0].split("|")[0] == version()
    sha256 = hashlib.sha256(LICENCE).hexdigest()
    assert f"\nsha256  {sha256}  LICENSE\n" in (BUILDROOT / "reprieve.hash").read_text()


def test_the_package_downloads_nothing(made):
    assert made[0].split("|")[1:] == ["file", str(BUILDROOT), "yes"]
    builds = [line for line in made if " build " in line]
    assert [re.search(r"--product (\w+)", line)[1] for line in builds] == ["reprieved", "reprieve"]
    assert all("--disable-automatic-resolution" in line for line in builds)


def test_the_tree_sources_the_menu_of_its_package():
    for path in [PACKAGING / "buildroot/Config.in", PACKAGING / "buildroot/external.mk"]:
        for name in re.findall(r"\$\(?BR2_EXTERNAL_REPRIEVE_PATH\)?(/[\w./-]+)", path.read_text()):
            assert (PACKAGING / f"buildroot{name}").exists()
    assert "config BR2_PACKAGE_REPRIEVE\n" in (BUILDROOT / "Config.in").read_text()
    assert "name: REPRIEVE\n" in (PACKAGING / "buildroot/external.desc").read_text()


# What an image does when it boots


@needs_systemd
@pytest.mark.systemd
def test_an_image_serves_components_from_its_first_boot(tmp_path):
    with Guest(tmp_path / "out", prepare=IMAGE) as guest:
        active = guest.run("systemctl", "is-active", *sorted(ENABLED))
        assert active == "active\n" * len(ENABLED)
        assert "no update is waiting" in guest.run("reprieve", "status")
        assert guest.run("stat", "--format=%G %a", CONTROL) == "reprieve 660\n"
        states = guest.run("systemctl", "is-enabled", *rig.UNITS, code=None).split()
        assert {name for name, one in zip(rig.UNITS, states) if one == "enabled"} == ENABLED


@pytest.fixture(scope="module")
def extension():
    if not shutil.which("mksquashfs"):
        pytest.skip("there is no mksquashfs")
    made = subprocess.run(
        [PACKAGING / "build-sysext.sh", BUILD], check=True, stdout=subprocess.PIPE, text=True
    )
    return pathlib.Path(made.stdout.strip())


@needs_systemd
@pytest.mark.systemd
def test_a_system_extension_serves_components_once_it_is_merged(tmp_path, extension):
    # Mounting the image itself takes a loop device, which a container has not.
    files = {extension.with_suffix(""): "/var/lib/extensions/reprieve"}
    with Guest(tmp_path / "out", files=files) as guest:
        assert guest.run("systemd-sysext", "refresh", code=None) == ""
        guest.run("systemctl", "daemon-reload")
        guest.wait_for("no update is waiting", "reprieve", "status")
        assert guest.run("stat", "--format=%G %a", CONTROL) == "root 660\n"
        active = guest.run("systemctl", "is-active", *sorted(ENABLED))
        assert active == "active\n" * len(ENABLED)
