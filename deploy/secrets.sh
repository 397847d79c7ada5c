#!/usr/bin/env bash
# Makes a password for each secret of compose.yaml that has none yet.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
sed -n 's|^ *file: \(secrets/.*\)|\1|p' compose.yaml | while read -r secret; do
    [ -s "$secret" ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' > "$secret"
    # The users within the containers are others than the one who has made the file; the folder is closed to all others.
    chmod 644 "$secret"
done
