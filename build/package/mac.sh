#!/usr/bin/env bash
# Makes build/bin/debros.app on a Mac with Xcode's command line tools. A program
# with a window cannot be built for macOS elsewhere: it needs Apple's frameworks.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/version.sh
[ "$(uname)" = Darwin ] || { echo 'mac: run this on a Mac; the window needs Apple'"'"'s own frameworks' >&2; exit 1; }
app=build/bin/debros.app/Contents
rm -rf build/bin/debros.app
mkdir -p "$app/MacOS" "$app/Resources"
CGO_ENABLED=1 CGO_LDFLAGS='-framework UniformTypeIdentifiers' go build -trimpath -tags desktop,production \
	-ldflags "-s -w -X main.version=$version -X main.commit=$(git rev-parse --short HEAD)" -o "$app/MacOS/debros" ./app
sed "s/@PLAIN@/$plain/g" build/package/Info.plist >"$app/Info.plist"
set=$(mktemp -d)/debros.iconset
mkdir -p "$set"
for size in 16 32 128 256 512; do
	qlmanage -t -s "$size" -o "$set" frontend/public/icon.svg >/dev/null 2>&1
	mv "$set/icon.svg.png" "$set/icon_${size}x${size}.png"
done
iconutil -c icns -o "$app/Resources/debros.icns" "$set"
codesign --force --deep --sign "${SIGN_AS:--}" build/bin/debros.app # "-": for this Mac only; others need a certificate in SIGN_AS
echo build/bin/debros.app
