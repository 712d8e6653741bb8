#!/bin/sh
# load-balancer.sh PROGRAM KUBECONFIG SERVICES ADDRESSES: gives every Service of type LoadBalancer an address, which no
# cloud does here: its own one with the prefix of its network, SERVICES, replaced by ADDRESSES. So each has another, and
# keeps it. kube-proxy does the rest. PROGRAM is kubectl.
set -eu
program=$1 kubeconfig=$2 services=$3 addresses=$4
kubectl() { "$program" --kubeconfig "$kubeconfig" --cache-dir /run/kubectl "$@"; }

# Until the API server is there, and has given the administrators their rights.
until kubectl get services > /dev/null 2>&1; do sleep 1; done

without_address='{{if eq .spec.type "LoadBalancer"}}{{if not .status.loadBalancer.ingress}}'
without_address="$without_address"'{{.metadata.namespace}} {{.metadata.name}} {{.spec.clusterIP}}{{"\n"}}{{end}}{{end}}'
kubectl get services --all-namespaces --watch --output go-template="$without_address" |
  while read -r namespace name address; do
    given="$addresses${address#"$services"}"
    # It may be gone by now.
    kubectl patch service "$name" --namespace "$namespace" --subresource status --type merge \
      --patch "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"$given\"}]}}}" || true
  done
