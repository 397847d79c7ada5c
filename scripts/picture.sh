#!/usr/bin/env bash
# Draws docs/images/executive.png: the demo's executive dashboard, as `make demo` has written it last.
source "$(dirname "$0")/common.sh"

page="$PWD/target/demo-pages/executive.html"
picture=docs/images/executive.png
# Down to the trend.
size=1280,1150

[ -f "$page" ] || fail "there is no $page: make demo writes it"
command -v chromium > /dev/null || fail "chromium is missing; Debian's package is chromium"
command -v pngquant > /dev/null || fail "pngquant is missing; Debian's package is pngquant"
drawn=$(mktemp --suffix .png)
trap 'rm -f "$drawn"' EXIT
# A window has a frame, which takes some of its height, but for a kiosk's.
chromium --headless --kiosk --no-sandbox --hide-scrollbars "--window-size=$size" "--screenshot=$drawn" "file://$page" 2> /dev/null
mkdir -p "$(dirname "$picture")"
# Whoever opens the README loads it: few colors are enough for cards and lines.
pngquant 64 --strip --force --output "$picture" "$drawn"
say "Drawn: $picture, $(($(stat -c %s "$picture") / 1000)) kB"
