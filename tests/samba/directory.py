"""Reads and writes a domain controller's own database for the tests, beside the running server.

Started inside the chroot of its Samba release with the path of a smb.conf. Takes one JSON request a
line on stdin, answers one JSON line each on stdout, and ends with its stdin. It works as SYSTEM, so
that a test can also write what LDAP refuses: the time of a password's last change, trust flags.

Values: text as strings, bytes as {"base64": ...}. Values read come back in base64, all of them.
"""

import base64
import json
import re
import sys

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.dcerpc import dnsp, security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

FLAGS = {"add": ldb.FLAG_MOD_ADD, "replace": ldb.FLAG_MOD_REPLACE, "delete": ldb.FLAG_MOD_DELETE}
SCOPES = {"base": ldb.SCOPE_BASE, "one": ldb.SCOPE_ONELEVEL, "subtree": ldb.SCOPE_SUBTREE}
# Only the access list: reading or writing the owner and the audit list is another right.
DACL_ONLY = "sd_flags:1:4"
# What lets a modify keep pwdLastSet as given, and set account flags that the rules forbid.
RAW = [
    f"local_oid:{dsdb.DSDB_CONTROL_BYPASS_PASSWORD_HASH_OID}:0",
    f"local_oid:{dsdb.DSDB_CONTROL_PERMIT_INTERDOMAIN_TRUST_UAC_OID}:0",
    "relax:0",
]
ONE_ACE = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)")
# As provision.sh names it.
PROVISIONED_ADDRESS = "127.0.0.10"


class Directory:
    def __init__(self, config):
        self.lp = LoadParm()
        self.lp.load(config)
        self.db = SamDB(session_info=system_session(self.lp), lp=self.lp)
        self.sid = security.dom_sid(self.db.get_domain_sid())

    def handle(self, request):
        return getattr(self, "op_" + request["op"])(**request.get("with", {}))

    # Objects

    def op_create(self, container, name, attributes, rdn="CN"):
        dn = ldb.Dn(self.db, rdn + "=x")
        dn.set_component(0, rdn, name)
        dn.add_base(self.dn(container))
        message = ldb.Message(dn)
        for attribute, values in attributes.items():
            message[attribute] = ldb.MessageElement([decode(v) for v in values], 0, attribute)
        self.db.add(message, controls=["relax:0"])
        found = self.db.search(dn, ldb.SCOPE_BASE, attrs=["objectGUID", "objectSid"])[0]
        sid = found.get("objectSid", idx=0)
        return {
            "dn": str(found.dn),
            "guid": base64.b64encode(found.get("objectGUID", idx=0)).decode(),
            "sid": str(ndr_unpack(security.dom_sid, sid)) if sid else None,
        }

    def op_modify(self, dn, changes, raw=False):
        message = ldb.Message(self.dn(dn))
        for number, (how, attribute, values) in enumerate(changes):
            message[str(number)] = ldb.MessageElement([decode(v) for v in values], FLAGS[how], attribute)
        self.db.modify(message, controls=RAW if raw else [])

    def op_delete(self, dn, subtree=False):
        self.db.delete(self.dn(dn), ["tree_delete:1"] if subtree else [])

    def op_rename(self, dn, new_dn):
        self.db.rename(self.dn(dn), self.dn(new_dn))

    def op_search(self, base, scope="subtree", filter="(objectClass=*)", attributes=None):
        found = self.db.search(self.dn(base), SCOPES[scope], filter, attrs=attributes or ["*"])
        return [
            {
                "dn": str(entry.dn),
                "attributes": {
                    name: [base64.b64encode(bytes(v)).decode() for v in entry[name]]
                    for name in entry.keys()
                    if name.lower() != "dn"
                },
            }
            for entry in found
        ]

    def op_sid_of(self, sam):
        found = self.db.search(
            self.db.get_default_basedn(),
            ldb.SCOPE_SUBTREE,
            f"(sAMAccountName={ldb.binary_encode(sam)})",
            attrs=["objectSid"],
        )
        return str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))

    def op_schema_guid(self, name):
        found = self.db.search(
            self.db.get_schema_basedn(),
            ldb.SCOPE_ONELEVEL,
            f"(lDAPDisplayName={ldb.binary_encode(name)})",
            attrs=["schemaIDGUID"],
        )
        return self.db.schema_format_value("objectGUID", found[0]["schemaIDGUID"][0]).decode()

    # Access lists

    def op_read_sddl(self, dn):
        return self.descriptor(dn).as_sddl(self.sid)

    def op_write_sddl(self, dn, sddl):
        self.write_descriptor(dn, sddl)

    def op_add_aces(self, dn, aces):
        flags, present = self.split(self.op_read_sddl(dn))
        wanted = [ace for given in aces for ace in self.canonical(given)]
        self.write_descriptor(dn, join(flags, wanted + [ace for ace in present if ace not in wanted]))

    def op_remove_aces(self, dn, aces):
        flags, present = self.split(self.op_read_sddl(dn))
        unwanted = [ace for given in aces for ace in self.canonical(given)]
        missing = [ace for ace in unwanted if ace not in present]
        if missing:
            raise ValueError(f"not in the access list: {missing}")
        self.write_descriptor(dn, join(flags, [ace for ace in present if ace not in unwanted]))

    def descriptor(self, dn):
        found = self.db.search(self.dn(dn), ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=[DACL_ONLY])
        return ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0])

    def write_descriptor(self, dn, sddl):
        value = ndr_pack(security.descriptor.from_sddl(sddl, self.sid))
        message = ldb.Message(self.dn(dn))
        message["sd"] = ldb.MessageElement([value], ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
        self.db.modify(message, controls=[DACL_ONLY])

    def split(self, sddl):
        """The flags and the entries of the access list in SDDL."""
        dacl = sddl[sddl.index("D:") + 2 :]
        return dacl.split("(")[0], ONE_ACE.findall(dacl)

    def canonical(self, ace):
        """An entry as Samba itself writes it, so that it compares equal to one read back."""
        return self.split(security.descriptor.from_sddl("D:" + ace, self.sid).as_sddl(self.sid))[1]

    # Names

    def op_set_host_address(self, address):
        """Points the DNS names of the domain controller at its address of this run."""
        for zone in ("DomainDnsZones", "ForestDnsZones"):
            base = ldb.Dn(self.db, f"CN=MicrosoftDNS,DC={zone}")
            base.add_base(self.db.get_default_basedn())
            for node in self.db.search(base, ldb.SCOPE_SUBTREE, "(dnsRecord=*)", attrs=["dnsRecord"]):
                records = [ndr_unpack(dnsp.DnssrvRpcRecord, value) for value in node["dnsRecord"]]
                own = [r for r in records if r.wType == dnsp.DNS_TYPE_A and r.data == PROVISIONED_ADDRESS]
                for record in own:
                    record.data = address
                if own:
                    message = ldb.Message(node.dn)
                    values = [ndr_pack(record) for record in records]
                    message["dnsRecord"] = ldb.MessageElement(values, ldb.FLAG_MOD_REPLACE, "dnsRecord")
                    self.db.modify(message)

    def op_list_another(self, name, host):
        """Another domain controller of this domain, as the configuration lists one."""
        own = ldb.Dn(self.db, self.db.get_dsServiceName()).parent()
        server = ldb.Dn(self.db, f"CN={name}")
        server.add_base(own.parent())
        account = self.db.search(own, ldb.SCOPE_BASE, attrs=["serverReference"])[0]["serverReference"][0]
        self.db.add(
            {"dn": str(server), "objectClass": "server", "dNSHostName": host, "serverReference": account.decode()},
            controls=["relax:0"],
        )
        self.db.add(
            {"dn": f"CN=NTDS Settings,{server}", "objectClass": "nTDSDSA"},
            controls=["relax:0", f"local_oid:{dsdb.DSDB_CONTROL_DBCHECK}:0"],
        )

    # Many at once

    def op_batch(self, requests):
        self.db.transaction_start()
        try:
            answers = [self.handle(request) for request in requests]
        except BaseException:
            self.db.transaction_cancel()
            raise
        self.db.transaction_commit()
        return answers

    def dn(self, text):
        return ldb.Dn(self.db, text)


def join(flags, aces):
    """Denials first, inherited entries last: the order Windows keeps and every reader relies on."""

    def place(ace):
        kind, inheritance = ace[1:].split(";")[:2]
        return ("ID" in re.findall("..", inheritance), kind not in ("D", "OD"))

    return "D:" + flags + "".join(sorted(aces, key=place))


def decode(value):
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


def main():
    directory = Directory(sys.argv[1])
    for line in sys.stdin:
        try:
            answer = {"ok": directory.handle(json.loads(line))}
        except ldb.LdbError as error:
            answer = {"error": str(error.args[1]), "code": error.args[0]}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
