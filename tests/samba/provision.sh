#!/bin/bash
# Provisions one domain controller into a directory: provision.sh RELEASE DIRECTORY
# Runs inside the chroot of that release. The result has no running process and no fixed path: a copy
# with a smb.conf of its own is a domain controller of its own.
set -euo pipefail

release=$1 directory=$2
setup=$(dirname "$0")
config=$directory/smb.conf
base=DC=corp,DC=example,DC=test
extra=
[ "$release" = 4.17 ] || extra='ad dc functional level = 2016'

mkdir -p "$directory"/{private,state,cache,lock,run}
sed -e "s#@DIRECTORY@#$directory#; s#@ADDRESS@#127.0.0.10#; s#@EXTRA@#$extra#" "$setup/smb.conf" >"$config"

# Any address but 127.0.0.1, for which no DNS name would be made; a copy puts its own in its place.
provision=(--domain=CORP --realm=CORP.EXAMPLE.TEST --server-role=dc --dns-backend=SAMBA_INTERNAL
    --host-name=DC1 --host-ip=127.0.0.10)
[ "$release" = 4.17 ] || provision+=(--function-level=2016)
# Samba takes this password from the command line only; it is a fixture that stands in this repository.
samba-tool domain provision -s "$config" "${provision[@]}" --adminpass='Admin-Passw0rd!'

samba-tool ou create -s "$config" -H "$directory/private/sam.ldb" "OU=People,$base"
samba-tool ou create -s "$config" -H "$directory/private/sam.ldb" "OU=Services,$base"
samba-tool user create -s "$config" -H "$directory/private/sam.ldb" svc-writeback 'Svc-Passw0rd!' --userou=OU=Services
samba-tool user setexpiry -s "$config" -H "$directory/private/sam.ldb" svc-writeback --noexpiry

# The delegation the manual asks for: Reset Password, and writing lockoutTime and pwdLastSet, on users.
user=bf967aba-0de6-11d0-a285-00aa003049e2
sid=$(ldbsearch -H "$directory/private/sam.ldb" '(sAMAccountName=svc-writeback)' objectSid | sed -n 's/^objectSid: //p')
for ace in \
    "(OA;CIIO;CR;00299570-246d-11d0-a768-00aa006e0529;$user;$sid)" \
    "(OA;CIIO;RPWP;28630ebf-41d5-11d1-a9c1-0000f80367c1;$user;$sid)" \
    "(OA;CIIO;RPWP;bf967a0a-0de6-11d0-a285-00aa003049e2;$user;$sid)"; do
    samba-tool dsacl set -s "$config" -H "$directory/private/sam.ldb" --objectdn="OU=People,$base" --sddl="$ace"
done

samba_spnupdate -s "$config"
