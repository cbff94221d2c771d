#!/usr/bin/env bash
# Makes build/bin/debros-VERSION-setup.exe for Windows (64 bit) on another
# system, with MinGW and NSIS. It installs debros.exe, the window, and
# debros-cli.exe, every command in a terminal: a program for the window has no
# console on Windows.
set -euo pipefail
cd "$(dirname "$0")/../.."
. build/package/version.sh
for tool in x86_64-w64-mingw32-gcc x86_64-w64-mingw32-windres makensis rsvg-convert; do
	command -v "$tool" >/dev/null || {
		echo "windows: $tool is missing; on Debian: apt-get install gcc-mingw-w64-x86-64 nsis librsvg2-bin" >&2
		exit 1
	}
done
work=$(mktemp -d)
syso=app/resource_windows_amd64.syso
trap 'rm -rf "$work" "$syso"' EXIT
rsvg-convert -w 256 -h 256 frontend/public/icon.svg -o "$work/icon.png"
# An icon file is a directory with one entry (256 × 256, 32 bits, at byte 22), then the picture.
size=$(printf '%08x' "$(stat -c %s "$work/icon.png")")
printf "\\x00\\x00\\x01\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x20\\x00\\x${size:6:2}\\x${size:4:2}\\x${size:2:2}\\x${size:0:2}\\x16\\x00\\x00\\x00" >"$work/icon.ico"
cat "$work/icon.png" >>"$work/icon.ico"
cp build/package/app.manifest "$work/app.manifest"
cat >"$work/app.rc" <<RC
1 ICON "icon.ico"
1 24 "app.manifest"
1 VERSIONINFO
FILEVERSION ${plain//./,},0
PRODUCTVERSION ${plain//./,},0
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904b0"
    BEGIN
      VALUE "CompanyName", "DeBros"
      VALUE "FileDescription", "debros"
      VALUE "ProductName", "debros"
      VALUE "ProductVersion", "$version"
      VALUE "OriginalFilename", "debros.exe"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
RC
(cd "$work" && x86_64-w64-mingw32-windres -O coff app.rc resource.syso)
cp "$work/resource.syso" "$syso"
export GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc CXX=x86_64-w64-mingw32-g++
ldflags="-s -w -X main.version=$version -X main.commit=$(git rev-parse --short HEAD)"
go build -trimpath -tags desktop,production -ldflags "$ldflags -H windowsgui" -o "$work/debros.exe" ./app
go build -trimpath -tags sqlite_omit_load_extension -ldflags "$ldflags" -o "$work/debros-cli.exe" ./app
cp LICENSE "$work/LICENSE.txt"
out="$PWD/build/bin/debros-$version-setup.exe"
makensis -V2 -INPUTCHARSET UTF8 "-DVERSION=$version" "-DPLAIN=$plain.0" "-DFILES=$work" "-DOUT=$out" build/package/windows.nsi
echo "build/bin/$(basename "$out")"
