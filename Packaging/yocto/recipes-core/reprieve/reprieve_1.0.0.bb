# SPDX-License-Identifier: Apache-2.0
# Needs meta-swift with Swift 6.2 or later. Packaging/build-layers.sh puts the archive, with all
# Swift packages, beside this recipe: no task needs a network.
SUMMARY = "Asks components before an update interrupts them"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

SRC_URI = "file://reprieve-${PV}.tar.gz"
S = "${UNPACKDIR}/reprieve-${PV}"
DEPENDS = "systemd"

inherit swift systemd useradd features_check

REQUIRED_DISTRO_FEATURES = "systemd usrmerge"

# The class would ask for the versions that the archive has.
deltask do_swift_package_resolve
do_compile[network] = "0"

python do_compile() {
    for product in ["reprieved", "reprieve"]:
        d.setVar("EXTRA_OESWIFT", "--disable-automatic-resolution --product " + product)
        bb.build.exec_func("swift_do_compile", d)
}

do_install() {
    ${S}/Packaging/install.sh ${BUILD_DIR} ${D}
}

SYSTEMD_SERVICE:${PN} = "reprieved.socket reprieved-control.socket reprieved.service"
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system reprieve"
FILES:${PN} += "${systemd_unitdir} ${nonarch_libdir}/sysusers.d"
