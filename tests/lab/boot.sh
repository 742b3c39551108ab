#!/bin/bash
# The first process of a machine of the lab, in namespaces of its own (tests/lab/machine.py).
#
# What it may write to is private: LAB_HOME, its disk so to speak, becomes the home; /etc, temporary
# directories and shared memory are gone with it. All else is read-only, but for LAB_SHARED. LAB_KEPT
# lists, one path a line, what private directories must not hide. The arguments are the command to
# stay as.
set -euo pipefail

disks=$(findmnt --real -rno TARGET)

mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/sshd /run/lab/home
cp -a /etc /run/lab/etc
mount --bind "$LAB_HOME" /run/lab/home
while read -r path; do
  mkdir -p "/run/lab/kept$path"
  mount --bind "$path" "/run/lab/kept$path"
done <<<"$LAB_KEPT"$'\n'"$LAB_SHARED"

mount --bind /run/lab/etc /etc
mount --bind /run/lab/home /root
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mount -t tmpfs -o mode=1777,size=8g tmpfs /dev/shm  # Ray sizes its object store by it

while read -r path; do
  mkdir -p "$path"
  mount --bind "/run/lab/kept$path" "$path"
  [ "$path" = "$LAB_SHARED" ] || mount -o remount,bind,ro "$path"
done <<<"$LAB_KEPT"$'\n'"$LAB_SHARED"
for path in $disks; do  # but those that a private directory hides now
  ! mountpoint -q "$path" || mount -o remount,bind,ro "$path"
done

hostname "$LAB_NAME"
ip link set lo up
echo 'nameserver 127.0.0.1' >/etc/resolv.conf  # refuses at once; no answer would delay Ray
printf '127.0.0.1 localhost\n%s %s\n' "$LAB_ADDRESS" "$LAB_NAME" >/etc/hosts
# The cluster file's user: here another name of root, as nobody else can exist.
echo "$LAB_USER:x:0:0::/root:/bin/bash" >>/etc/passwd

if [ -n "$LAB_GATEWAY" ]; then
  until ip link show eth0 &>/dev/null; do sleep 0.05; done  # its cable is plugged in from outside
  ip address add "$LAB_ADDRESS/24" dev eth0
  ip link set eth0 up
  ip route add default via "$LAB_GATEWAY"  # leads nowhere; without one Ray takes 127.0.0.1
else
  ip link add lab type bridge
  ip address add "$LAB_ADDRESS/24" dev lab
  ip link set lab up
fi
exec "$@"
