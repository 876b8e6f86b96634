#!/usr/bin/env bash
# `make deploy-tools`: the tools of `make deploy-check`, into build/tools, from Debian's packages and Go modules. One that
# can't be had here is named and left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p build/tools
tools=$PWD/build/tools
export PATH=$tools:$PATH

get() {
    name=$1
    shift
    command -v "$name" >/dev/null || "$@" || echo "left out: $name can't be installed here"
}

debian() { # promtool, prometheus, amtool and prometheus-alertmanager, unpacked without being installed
    command -v dpkg >/dev/null || return 1
    folder=$(mktemp -d)
    (
        cd "$folder"
        apt-get download -qq prometheus prometheus-alertmanager 2>/dev/null ||
            { apt-get update -qq && apt-get download -qq prometheus prometheus-alertmanager; }
        for package in ./*.deb; do dpkg -x "$package" .; done
        cp usr/bin/* "$tools"
    ) >/dev/null 2>&1
    found=$?
    rm -rf "$folder"
    return "$found"
}

module() { # a command of a Go module
    command -v go >/dev/null && GOBIN=$tools CGO_ENABLED=0 go install "$1" 2>/dev/null
}

unittest() { # its go.mod replaces a module, which `go install` refuses
    command -v go >/dev/null || return 1
    source=$(go mod download -json github.com/helm-unittest/helm-unittest@v1.1.2 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    folder=$(mktemp -d)
    cp -r "$source/." "$folder" && chmod -R u+w "$folder"
    (cd "$folder" && CGO_ENABLED=0 go build -o "$tools/helm-unittest" ./cmd/helm-unittest) 2>/dev/null
    found=$?
    rm -rf "$folder"
    return "$found"
}

get promtool debian
get helm module helm.sh/helm/v3/cmd/helm@v3.22.0
get kubeconform module github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
get helm-unittest unittest
