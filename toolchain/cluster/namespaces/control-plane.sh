#!/bin/sh
# control-plane.sh NODE…: process 1 of the cluster's namespaces. Makes the network that joins the nodes, runs the control
# plane, and an init for each node in namespaces of its own. Everything ends with it. CLUSTER is the data folder.
set -eu
here=$(dirname "$0")
. "$here/supervise.sh"

while read -r file; do echo $$ > "$file"; done < "$CLUSTER/control-plane/group"
# What is the machine's can be read only.
mount --bind "$CLUSTER" "$CLUSTER"
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -o remount,bind,ro /
hostname control-plane
for node; do ip netns add "$node"; done
ip -batch "$CLUSTER/control-plane/network"
supervise "$CLUSTER"/control-plane/programs/*

for node; do
  # Two steps: the first makes the node's group the root of what it sees, the second leaves that root empty.
  sh "$here/enter-group.sh" "$CLUSTER/$node/group" unshare --cgroup \
    sh "$here/enter-group.sh" "$CLUSTER/$node/programs-group" nsenter --net="/run/netns/$node" \
    unshare --mount --pid --uts --ipc --fork --kill-child --mount-proc --propagation private \
    sh "$here/node.sh" "$node" >> "$CLUSTER/logs/$node-init.log" 2>&1 < /dev/null &
done

# The machine makes the link when it knows this process.
until ip link show uplink > /dev/null 2>&1; do sleep 0.02; done
ip -batch "$CLUSTER/control-plane/uplink"
reap
