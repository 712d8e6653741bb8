# To be read by an init. Runs scripts side by side, each again when it has ended, with a log of its own.
supervise() {
  for script; do
    log="$CLUSTER/logs/$(hostname)-$(basename "$script").log"
    while :; do
      "$script" >> "$log" 2>&1 < /dev/null || true
      sleep 1
    done &
  done
}

# What process 1 does afterwards: it takes in the processes whose parents have ended.
reap() {
  while :; do
    wait || true
    sleep 1
  done
}
