#!/bin/bash
# ceph-rgw-start.sh PORT FOLDER [KEY SECRET]: one monitor, one OSD, one gateway, all on 127.0.0.1, without systemd, manager or cephx.
# env: OSD_STORE=bluestore|memstore  OSD_GB=20  MON_PORT=PORT+1  DOMAIN=s3.localhost
# needs (Debian): apt-get install -y --no-install-recommends ceph-mon ceph-osd radosgw ceph-common uuid-runtime curl
set -eu
PORT=$1; DIR=$2; AK=${3:-accesskey}; SK=${4:-secretkey}
STORE=${OSD_STORE:-bluestore}; GB=${OSD_GB:-20}; MP=${MON_PORT:-$((PORT+1))}; DOMAIN=${DOMAIN:-s3.localhost}
mkdir -p "$DIR"; DIR=$(cd "$DIR" && pwd); T0=$(date +%s%N); ms() { echo $(( ($(date +%s%N)-T0)/1000000 )); }
FRESH=0; [ -f "$DIR/ceph.conf" ] || FRESH=1
mkdir -p "$DIR"/{mon,osd,log,run,rgw}
if [ $FRESH = 1 ]; then cat > "$DIR/ceph.conf" <<C
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = v2:127.0.0.1:$MP/0
mon_initial_members = a
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_mon_client_mode = crc secure
ms_mon_service_mode = crc secure
ms_mon_cluster_mode = crc secure
mon_warn_on_insecure_global_id_reclaim_allowed = false
mon_warn_on_pool_no_redundancy = false
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_max_pg_per_osd = 10000
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
mon_tick_interval = 1
osd_mon_heartbeat_interval = 5
mon_data_avail_warn = 1
mon_data_avail_crit = 1
log_file = $DIR/log/\$name.log
mon_cluster_log_file = $DIR/log/cluster.log
admin_socket = $DIR/run/\$name.asok
crash_dir = $DIR/run
run_dir = $DIR/run
[mon.a]
mon_data = $DIR/mon
[osd.0]
osd_data = $DIR/osd
osd_objectstore = $STORE
osd_class_update_on_start = true
bluestore_block_create = true
bluestore_block_size = $((GB*1073741824))
bluestore_fsck_quick_fix_on_mount = false
memstore_device_bytes = $((GB*1073741824))
osd_memory_target = 1073741824
osd_op_num_shards = 2
osd_scrub_begin_hour = 3
osd_scrub_end_hour = 4
[client.rgw]
rgw_data = $DIR/rgw
rgw_frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=${TCP_NODELAY:-1}
rgw_dns_name = $DOMAIN
rgw_enable_usage_log = false
rgw_enable_gc_threads = true
rgw_run_sync_thread = false
rgw_thread_pool_size = 64
rgw_crypt_require_ssl = false
C
fi
export CEPH_CONF=$DIR/ceph.conf CEPH_ARGS="-c $DIR/ceph.conf"
bg() { local n=$1; shift; setsid nohup "$@" >"$DIR/log/$n.out" 2>&1 </dev/null & echo $! >"$DIR/$n.pid"; }
if [ $FRESH = 1 ]; then
  FSID=$(sed -n 's/^fsid = //p' "$DIR/ceph.conf")
  monmaptool --create --fsid $FSID --addv a "[v2:127.0.0.1:$MP/0]" "$DIR/monmap" >/dev/null
  ceph-mon -c "$DIR/ceph.conf" --mkfs -i a --monmap "$DIR/monmap"
fi
bg mon ceph-mon -c "$DIR/ceph.conf" -i a -f
for i in $(seq 100); do timeout 10 ceph -c "$DIR/ceph.conf" --connect-timeout 5 mon stat >/dev/null 2>&1 && break; sleep 0.1; done; echo "mon up $(ms) ms"
if [ $FRESH = 1 ]; then
  U=$(cat /proc/sys/kernel/random/uuid); ceph osd new $U >/dev/null
  ceph-osd -c "$DIR/ceph.conf" -i 0 --mkfs --osd-uuid $U >"$DIR/log/mkfs.out" 2>&1
fi
bg osd ceph-osd -c "$DIR/ceph.conf" -i 0 -f
for i in $(seq 1800); do ceph osd stat 2>/dev/null | grep -q '1 up' && break; sleep 0.1; done; echo "osd up $(ms) ms"
if [ $FRESH = 1 ]; then
  radosgw-admin user create --uid=test --display-name=test --access-key="$AK" --secret-key="$SK" >"$DIR/log/user.json" 2>"$DIR/log/user.err"
  echo "user made $(ms) ms"
fi
bg rgw radosgw -c "$DIR/ceph.conf" -n client.rgw -f
for i in $(seq 1800); do curl -fs -o /dev/null http://127.0.0.1:$PORT/ && { echo "ready $PORT $(ms) ms"; exit 0; }; kill -0 $(cat "$DIR/rgw.pid") || { tail -20 "$DIR"/log/rgw.out; exit 1; }; sleep 0.1; done; exit 1
