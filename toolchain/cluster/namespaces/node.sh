#!/bin/sh
# node.sh NAME: process 1 of a node. Puts mounts over what a node writes, so that every program finds its usual paths and
# nothing reaches the machine's own; then the network, containerd, kubelet and kube-proxy. CLUSTER is the data folder.
set -eu
name=$1
node="$CLUSTER/$name"
. "$(dirname "$0")/supervise.sh"

hostname "$name"
# A mount of its own, since what is the machine's can be read only further down.
mount --bind "$CLUSTER" "$CLUSTER"
for folder in etc opt; do
  mkdir -p "$node/$folder" "$node/$folder.work"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$node/$folder,workdir=$node/$folder.work" overlay "/$folder"
done
mkdir -p "$node/var/lib" "$node/var/log" "$node/var/tmp" "$node/tmp"
chmod 1777 "$node/var/tmp" "$node/tmp"
ln -sfn /run "$node/var/run"
mount --bind "$node/var" /var
mount --bind "$node/tmp" /tmp
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock
mount -o remount,bind,ro /

# The kernel's view of this network namespace, and of the control groups below the node's own.
mount -t sysfs sysfs /sys
while read -r type options folder; do
  mkdir -p "$folder"
  mount -t "$type" -o "$options" "$type" "$folder"
done < "$node/group-mounts"
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  sed 's/[^ ]\{1,\}/+&/g' /sys/fs/cgroup/cgroup.controllers > /sys/fs/cgroup/cgroup.subtree_control
fi
# Volumes that are mounted later reach the pods that run already.
mount --make-rshared /

ip -batch "$node/network"
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
# Answers to what came through another node go out where the routes say.
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
iptables-restore --noflush "$node/translation"

supervise "$node"/programs/*
reap
