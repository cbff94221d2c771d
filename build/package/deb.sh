#!/usr/bin/env bash
# Makes build/bin/debros_VERSION_ARCH.deb of build/bin/debros: program, menu
# entry, handler of debros: links, icon and completions.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/version.sh
command -v dpkg-deb >/dev/null || { echo 'deb: dpkg-deb is missing; on Debian and Ubuntu it is in the package dpkg' >&2; exit 1; }
arch=$(dpkg --print-architecture)
version=${version//-/.} # a dash would begin Debian's own revision
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -Dm755 build/bin/debros "$root/usr/bin/debros"
install -Dm644 build/package/debros.desktop "$root/usr/share/applications/debros.desktop"
install -Dm644 frontend/public/icon.svg "$root/usr/share/icons/hicolor/scalable/apps/debros.svg"
install -Dm644 LICENSE "$root/usr/share/doc/debros/copyright"
gzip -9nc build/CHANGELOG.md >"$root/changelog.gz"
install -Dm644 "$root/changelog.gz" "$root/usr/share/doc/debros/changelog.gz"
rm "$root/changelog.gz"
complete() {
	install -d "$root/$(dirname "$2")"
	build/bin/debros completion "$1" >"$root/$2"
	chmod 644 "$root/$2"
}
complete bash usr/share/bash-completion/completions/debros
complete zsh usr/share/zsh/vendor-completions/_debros
complete fish usr/share/fish/vendor_completions.d/debros.fish
install -d "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: debros
Version: $version
Architecture: $arch
Maintainer: DeBros <noreply@debros.io>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: libc6 (>= 2.34), libgtk-3-0 | libgtk-3-0t64, libwebkit2gtk-4.1-0
Recommends: xdg-utils
Section: net
Priority: optional
Description: node of a peer-to-peer network
 One program that is a full node of a network which nobody rents out:
 replicated SQL, keys and topics, with a window, a gateway for other programs
 and a command line.
CONTROL
out="build/bin/debros_${version}_$arch.deb"
dpkg-deb --root-owner-group --build "$root" "$out" >/dev/null
echo "$out"
