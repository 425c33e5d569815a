#!/bin/bash
# Makes a domain of three replicating domain controllers into a directory: domain.sh DIRECTORY
# dc1 holds every role, dc2 is in a branch's site, rodc3 is there too and read-only. Runs inside the
# chroot of a release. Their addresses are fixed, since every record in the directory holds them; who
# runs them takes a lock. The result has no running process.
set -euo pipefail
set -m

directory=$1
setup=$(dirname "$0")
. "$setup/domain.conf"
realm=corp.example.test
base=DC=corp,DC=example,DC=test
# Samba's tools take a password from the command line; this one is a fixture that stands in this repository.
password='Admin-Passw0rd!'
as_admin=(-U Administrator "--password=$password")
servers=()

# Domain controllers find each other by DNS, as in life.
printf 'nameserver %s\n' "$dc1" "$dc2" >/etc/resolv.conf

stop() {
    local server
    for server in "${servers[@]}"; do kill -KILL -- "-$server" 2>/dev/null || true; done
}
trap stop EXIT

serve() {
    samba --interactive --debug-stdout --model=standard --configfile="$directory/$1/smb.conf" \
        >>"$directory/$1/output.log" 2>&1 </dev/null &
    servers+=($!)
    try ldbsearch -H "ldap://$2" -s base -b '' defaultNamingContext
}

# What may fail while a server is starting or a record is on its way.
try() {
    local left=100
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { "$@"; return; }
        sleep 0.2
    done
}

config() {
    mkdir -p "$directory/$1"/{private,state/sysvol,cache,lock,run}
    sed -e "s#@DIRECTORY@#$directory/$1#; s#@ADDRESS@#$2#; s#@EXTRA@#ad dc functional level = 2016#" \
        -e "s#netbios name = DC1#netbios name = ${1^^}#" "$setup/smb.conf" >"$directory/$1/smb.conf"
}

join() {
    local name=$1 address=$2 kind=$3 site=$4
    config "$name" "$address"
    samba-tool domain join "$realm" "$kind" -s "$directory/$name/smb.conf" --server="$dc1" --site="$site" \
        --dns-backend=SAMBA_INTERNAL "${as_admin[@]}"
    serve "$name" "$address"
    if [ "$kind" = RODC ]; then
        # It may not do that itself, and asks by way of services that do not run here.
        samba-tool dns add "$dc1" "$realm" "$name" A "$address" -s "$config" "${as_admin[@]}"
        samba-tool dns add "$dc1" "_msdcs.$realm" "_ldap._tcp.$site._sites.dc" SRV "$name.$realm 389 0 100" -s "$config" "${as_admin[@]}"
        return
    fi
    samba_dnsupdate -s "$directory/$name/smb.conf" --current-ip="$address" --use-samba-tool --rpc-server-ip="$dc1"
    samba_spnupdate -s "$directory/$name/smb.conf"
}

config=$directory/dc1/smb.conf
cp --archive /srv/snapshot "$directory/dc1"
sed -i -e "s#/srv/snapshot.new#$directory/dc1#; s#127.0.0.10/8#$dc1/8#" "$config"
printf '{"op": "set_host_address", "with": {"address": "%s"}}\n' "$dc1" | python3 "$setup/directory.py" "$config"
samba-tool sites create -s "$config" -H "$directory/dc1/private/sam.ldb" Branch
# Whoever connects from this machine is in the branch.
samba-tool sites subnet create -s "$config" -H "$directory/dc1/private/sam.ldb" 127.0.0.0/8 Branch
samba-tool group addmembers -s "$config" -H "$directory/dc1/private/sam.ldb" \
    'Allowed RODC Password Replication Group' svc-writeback
samba-tool domain passwordsettings set -s "$config" -H "$directory/dc1/private/sam.ldb" --min-pwd-age=0
# Users with a password, known to all three before the first test.
encoded=$(printf '"Us3r-Passw0rd!"' | iconv -t UTF-16LE | base64)
for number in $(seq -w 1 40); do
    printf 'dn: CN=user%s,OU=People,%s\nobjectClass: user\nsAMAccountName: user%s\n' "$number" "$base" "$number"
    printf 'userPrincipalName: user%s@%s\nuserAccountControl: 512\nunicodePwd:: %s\n\n' "$number" "$realm" "$encoded"
done >"$directory/users.ldif"
ldbadd -H "$directory/dc1/private/sam.ldb" "$directory/users.ldif"
rm "$directory/users.ldif"
serve dc1 "$dc1"
join dc2 "$dc2" DC Branch
join rodc3 "$rodc3" RODC Branch
samba-tool rodc preload -s "$directory/rodc3/smb.conf" svc-writeback --server="$dc1" "${as_admin[@]}"
for address in "$dc1" "$dc2"; do
    samba-tool drs kcc "$address" -s "$config" "${as_admin[@]}"
done
# Once, so that a copy starts with nothing to catch up.
for part in "$base" "DC=DomainDnsZones,$base" "DC=ForestDnsZones,$base" "CN=Configuration,$base"; do
    try samba-tool drs replicate "$dc2" DC1 "$part" -s "$config" "${as_admin[@]}"
done
try samba-tool drs replicate "$dc1" DC2 "$base" -s "$config" "${as_admin[@]}"
