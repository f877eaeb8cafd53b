# SPDX-License-Identifier: Apache-2.0
# Needs meta-swift with Swift 6.2 or later. Packaging/build-layers.sh puts the archive, with all
# Swift packages, beside this recipe: no task needs a network.
SUMMARY = "Asks components before an update interrupts them"
DESCRIPTION = "The daemon reprieved, through which components say 'not now' to an update, and the \
    command reprieve, with which an updater waits until it may go on."
SECTION = "base"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

DEPENDS = "systemd"
SRC_URI = "file://reprieve-${PV}.tar.gz"
S = "${UNPACKDIR}/reprieve-${PV}"
B = "${WORKDIR}/build"

inherit swift systemd useradd features_check

REQUIRED_DISTRO_FEATURES = "systemd usrmerge"

# The class would ask for the versions that the archive has.
deltask do_swift_package_resolve
do_compile[network] = "0"

# The programs say nothing of the directory in which they were built.
SWIFT_PATHS = "-Xswiftc -file-prefix-map -Xswiftc ${S}=/reprieve"
SWIFT_PATHS += "-Xcc -ffile-prefix-map=${S}=/reprieve"

python do_compile() {
    for product in ["reprieved", "reprieve"]:
        options = ["--disable-automatic-resolution", "${SWIFT_PATHS}", "--product", product]
        d.setVar("EXTRA_OESWIFT", " ".join(options))
        bb.build.exec_func("swift_do_compile", d)
}

do_install() {
    ${S}/Packaging/install.sh ${BUILD_DIR} ${D}
}

SYSTEMD_SERVICE:${PN} = "reprieved.socket reprieved-control.socket reprieved.service"
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system reprieve"
FILES:${PN} += "${systemd_unitdir} ${nonarch_libdir}/sysusers.d"
