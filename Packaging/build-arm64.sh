#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the committed source for arm64 on amd64, makes the Debian package, and prints its path.
#
#     Packaging/build-arm64.sh
#
# The programs, and those of a Swift sample, are in .build/arm64/programs; .build/arm64/run has the
# same, emulated here. The compiler is that of Debian's release sid, in a root of its own. Swift's
# libraries are linked in; all others are those of Debian 13. The first time 1.3 GB are fetched,
# which take 5 GB in .build/arm64. Nothing is installed, and this machine's package lists are not
# touched. Needs what Packaging/build-source.sh and build-deb.sh need, and root or a kernel that
# lets users have namespaces.

set -eu
cd "$(dirname "$0")/.."
. Packaging/version.sh
top=$PWD/.build/arm64
root=$top/root
sdk=$top/sdks/debian.artifactbundle/arm64
sysroot=$sdk/sysroot
# Where this machine's packages come from.
mirror=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 'Label: Debian' | head -n 1)
if [ -z "$mirror" ]; then
    echo "No package source of Debian is known here: run apt-get update on a Debian first" >&2
    exit 1
fi

# In a mount namespace, in which this user may mount.
namespace="unshare --mount"
[ "$(id -u)" -eq 0 ] || namespace="$namespace --map-root-user"

# apt OPTION... COMMAND...: with lists, archives and a state that are only ours.
apt() {
    apt-get -qq -o Dir::Etc::SourceList="$top/apt/sources.list" \
        -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$top/apt/lists" \
        -o Dir::State::Status="$top/apt/status" -o Dir::Cache="$top/apt" \
        -o APT::Architectures=amd64,arm64 -o APT::Sandbox::User=root "$@" >&2
}

# fetch RELEASE PACKAGE...: them and what they need.
fetch() {
    release=$1
    shift
    mkdir -p "$top/archives/$release/partial"
    apt --target-release "$release" --yes --no-install-recommends --download-only \
        -o Dir::Cache::Archives="$top/archives/$release" install "$@"
}

# unpack DIRECTORY ARCHIVE [PATTERN...]
unpack() {
    directory=$1 archive=$2
    shift 2
    for name in bin sbin lib lib64; do
        mkdir -p "$directory/usr/$name"
        ln -sfn "usr/$name" "$directory/$name"
    done
    [ $# -gt 0 ] || set -- '*'
    dpkg-deb --fsys-tarfile "$archive" |
        tar --extract --keep-directory-symlink --directory "$directory" --wildcards "$@"
}

toolchain() {
    mkdir -p "$top/apt/lists/partial" "$top/archives/alone"
    : >"$top/apt/status"
    for release in trixie sid; do
        echo "deb [arch=amd64,arm64] $mirror $release main"
    done >"$top/apt/sources.list"
    apt update
    fetch sid swiftlang:amd64 g++:amd64 dash:amd64 coreutils:amd64 util-linux:amd64 mount:amd64
    fetch trixie libc6-dev:arm64 libstdc++-14-dev:arm64 libsystemd-dev:arm64
    (cd "$top/archives/alone" && apt --target-release sid download swiftlang:arm64)
    (cd "$top/archives/alone" && apt --target-release trixie download qemu-user:amd64)

    rm -rf "$root" "$top/sdks" "$top/qemu"
    for part in "$top"/archives/sid/*.deb; do unpack "$root" "$part"; done
    mkdir -p "$root/dev" "$root/mnt" "$root/proc" "$root/sdks" "$root/source" "$root/tmp"
    for part in "$top"/archives/trixie/*_arm64.deb "$top"/archives/trixie/*_all.deb; do
        unpack "$sysroot" "$part"
    done
    unpack "$sysroot" "$top"/archives/alone/swiftlang_*_arm64.deb \
        '*/lib/swift_static/*' '*/lib/clang/*'
    mv "$sysroot"/usr/libexec/swift/lib/* "$sysroot/usr/lib/"
    unpack "$top/qemu" "$top"/archives/alone/qemu-user_*.deb '*/qemu-aarch64'

    cat >"$top/sdks/debian.artifactbundle/info.json" <<END
{"schemaVersion": "1.0", "artifacts": {"debian-arm64": {"type": "swiftSDK", "version": "13",
    "variants": [{"path": "arm64"}]}}}
END
    resources=sysroot/usr/lib/swift_static
    cat >"$sdk/swift-sdk.json" <<END
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {"sdkRootPath": "sysroot",
    "swiftResourcesPath": "$resources", "swiftStaticResourcesPath": "$resources"}}}
END
}

source_tree() {
    archive=$(Packaging/build-source.sh)
    ! cmp -s "$archive" "$top/source.tar.gz" || return 0
    rm -rf "$top/source" "$top/source.tar.gz"
    mkdir -p "$top/source"
    tar --extract --gzip --file "$archive" --directory "$top/source" --strip-components=1
    cp "$archive" "$top/source.tar.gz"
}

# build PRODUCT: in the root.
build() {
    [ -x "$root/usr/libexec/swift/bin/swift" ]
    # shellcheck disable=SC2016  # that shell is to put its own variables in
    $namespace sh -euc '
        cd "$1"
        mount --rbind root root
        mount --bind source root/source
        mount --bind sdks root/sdks
        mount --rbind /proc root/proc
        mount --rbind /dev root/dev
        exec chroot root /usr/bin/env --ignore-environment HOME=/tmp \
            PATH=/usr/libexec/swift/bin:/usr/sbin:/usr/bin CC="$3" SOURCE_DATE_EPOCH="$4" \
            /source/Packaging/build-release.sh --product "$2" \
            --swift-sdks-path /sdks --swift-sdk debian-arm64
    ' sh "$top" "$1" \
        "clang --target=aarch64-linux-gnu --sysroot=/sdks/${sysroot#"$top/sdks/"}" \
        "$SOURCE_DATE_EPOCH"
}

# What is fetched and unpacked is kept. To have newer packages, remove .build/arm64.
if [ ! -e "$top/complete" ]; then
    toolchain
    touch "$top/complete"
fi
source_tree
rm -rf "$top/programs" "$top/run"
mkdir "$top/programs" "$top/run"
for product in reprieved reprieve sample-component; do
    programs=$top$(build "$product")
    cp "$programs/$product" "$top/programs/"
    printf '#!/bin/sh\nexec "%s" -L "%s" "%s" "$@"\n' \
        "$top/qemu/usr/bin/qemu-aarch64" "$sysroot" "$top/programs/$product" >"$top/run/$product"
    chmod +x "$top/run/$product"
done
Packaging/build-deb.sh "$top/programs" arm64 "$top/run"
