"""Makes the databases of a new domain, as dc.sh's smb.conf describes it.

usage: provision.py DIR HOST REALM IP
"""

import json
import logging
import os
import secrets
import sys

from samba.auth import system_session
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.param import LoadParm
from samba.provision import provision


def main(folder, host, realm, ip):
    """Provisions the domain and writes DIR/accounts.json with what a client needs to know."""
    smb_conf = os.path.join(folder, "etc", "smb.conf")
    # Complexity wants three of four kinds of character; the prefix has them all, the rest has the strength.
    admin_password = "Aa1-" + secrets.token_urlsafe(18)
    logging.basicConfig(level=logging.INFO)
    settings = LoadParm()
    settings.load(smb_conf)
    provision(
        logging.getLogger("provision"),
        system_session(),
        smbconf=smb_conf,
        lp=settings,
        realm=realm,
        domain=realm.split(".")[0],
        hostname=host,
        hostip=ip,
        adminpass=admin_password,
        serverrole="active directory domain controller",
        dns_backend="SAMBA_INTERNAL",
        dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,  # the highest that Debian 12's Samba has; 2008 brought password settings objects
        # Nobody mounts sysvol here, and its ACLs need user ids that a user namespace does not have.
        skip_sysvolacl=True,
    )
    base_dn = ",".join(f"DC={part}" for part in realm.lower().split("."))
    domain = {
        "realm": realm,
        "netbios": realm.split(".")[0],
        "base_dn": base_dn,
        "host": f"{host}.{realm.lower()}",
        "ip": ip,
        "ca": os.path.join(folder, "tls", "ca.pem"),
        "krb5_conf": os.path.join(folder, "krb5.conf"),
        "admin": {"username": "Administrator", "password": admin_password},
    }
    with open(os.open(os.path.join(folder, "accounts.json"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
        json.dump(domain, out, indent=2)


main(*sys.argv[1:])
