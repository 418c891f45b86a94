#!/bin/bash
# ceph-rgw-stop.sh FOLDER
for n in rgw osd mon; do f=$1/$n.pid; [ -f "$f" ] || continue; p=$(cat "$f"); kill $p 2>/dev/null; for i in $(seq 60); do kill -0 $p 2>/dev/null || break; sleep 0.05; done; kill -9 $p 2>/dev/null; rm -f "$f"; done; echo stopped
