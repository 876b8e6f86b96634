#!/usr/bin/env bash
# `make deploy-check`: what needs promtool, helm, helm-unittest, kubeconform, kubectl, hadolint or yamllint. A tool that
# isn't there is named and left out; STRICT=1 makes that a mistake.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PWD/build/tools:$PWD/.venv/bin:$PATH
chart=deploy/helm/otelagent
failed=0

have() {
    command -v "$1" >/dev/null && return 0
    echo "left out: $1 isn't installed"
    [ -z "${STRICT:-}" ] || failed=1
    return 1
}

if have promtool; then
    promtool check rules deploy/prometheus/*.rules.yaml
    promtool test rules deploy/prometheus/tests/*.yaml
    .venv/bin/python -m tests.deploy.expressions >"/tmp/expressions.$$.yaml"
    promtool check rules "/tmp/expressions.$$.yaml"
    rm "/tmp/expressions.$$.yaml"
fi
if have amtool; then
    amtool check-config deploy/prometheus/alertmanager.example.yaml
fi
if have hadolint; then
    hadolint Dockerfile
fi
if have yamllint; then
    yamllint --strict deploy
fi
if have helm; then
    for values in "$chart"/ci/*-values.yaml; do
        helm lint --strict --quiet --kube-version 1.34.0 "$chart" -f "$values"
        name=$(basename "$values" -values.yaml)
        helm template otelagent "$chart" -n agents --kube-version 1.34.0 -f "$values" >"/tmp/$name.$$"
        .venv/bin/python -m tests.deploy.manifests "/tmp/$name.$$" || failed=1
        if [ "$name" = monitoring ]; then
            : # holds rules and dashboards, which are checked in already
        elif [ -n "${UPDATE:-}" ]; then
            cp "/tmp/$name.$$" "deploy/helm/examples/$name.yaml"
        elif ! diff -u "deploy/helm/examples/$name.yaml" "/tmp/$name.$$"; then
            echo "deploy/helm/examples/$name.yaml is out of date: UPDATE=1 make deploy-check"
            failed=1
        fi
        rm "/tmp/$name.$$"
    done
fi
if have helm-unittest; then
    helm-unittest "$chart"
fi
if have kubeconform; then
    schemas=$(mktemp -d)
    .venv/bin/python -m tests.deploy.manifests --schemas "$schemas"
    # what kustomize and helm read themselves has no schema of Kubernetes
    manifests=$(find deploy/kubernetes deploy/helm/examples -name '*.yaml' ! -name kustomization.yaml ! -name config.yaml)
    for version in 1.29.0 1.33.0 1.37.0; do
        # shellcheck disable=SC2086 # a list of files
        kubeconform -strict -summary -kubernetes-version "$version" \
            -schema-location "$schemas/${version%.0}/{{.ResourceKind}}.json" \
            -schema-location "$schemas/monitoring/{{.ResourceKind}}.json" $manifests || failed=1
    done
    rm -r "$schemas"
fi
if have kubectl; then
    for folder in sidecar gateway monitoring; do
        kubectl kustomize "deploy/kubernetes/$folder" >/dev/null
    done
fi
exit "$failed"
