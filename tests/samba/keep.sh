#!/bin/bash
# Runs a domain controller for as long as this script's stdin stays open: keep.sh COMMAND...
# The test process holds the other end, so that the server cannot outlive it, however it ends.
# Prints the server's process id, which is also the id of its process group.
set -m
"$@" </dev/null >&2 &
echo $!
read -r _
kill -KILL -- -$!
