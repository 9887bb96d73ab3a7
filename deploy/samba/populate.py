"""Fills a domain made by dc.sh with what the demo and the tests need, or puts all of it back as it was.

Run again on the same folder it resets every account: password, state, lockout, mail. It writes to the database
directly, as the domain's own system, so that the lot takes about a second; only the lockout is made as it is made in
life, by wrong passwords over the network, and needs the server running. Passwords are random per folder and stand in
DIR/accounts.json, readable by its owner only.
"""

import argparse
import json
import os
import secrets

import ldb
from samba.auth import system_session
from samba.credentials import DONT_USE_KERBEROS, Credentials
from samba.dsdb import UF_ACCOUNTDISABLE, UF_NORMAL_ACCOUNT
from samba.ndr import ndr_unpack
from samba.dcerpc import security
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

# Who is there. `state` is what the account is put into; `groups` are besides Domain Users.
PEOPLE = [
    {"username": "alice", "name": "Alice Archer", "state": "normal", "groups": ["Staff"]},
    {"username": "bob", "name": "Bob Baker", "state": "locked", "groups": ["Staff"]},
    {"username": "carol", "name": "Carol Cooper", "state": "disabled", "groups": ["Staff"]},
    {"username": "dave", "name": "Dave Dyer", "state": "expired", "groups": ["Staff"]},
    {"username": "erin", "name": "Erin Eagle", "state": "must-change", "groups": ["Staff"]},
    {"username": "frank", "name": "Frank Falconer", "state": "normal", "groups": ["Staff", "Finance"]},
    {"username": "grace", "name": "Grace Gardener", "state": "normal", "groups": ["Staff"]},
    {"username": "greta", "name": "Greta Groom", "state": "password-expired", "groups": ["Staff"]},
    {"username": "hannah", "name": "Hannah Herald", "state": "normal", "groups": ["Staff", "Helpdesk"]},
    # An administrator who stands, wrongly, where the service account may reset: the product must refuse him itself.
    {"username": "padmin", "name": "Paul Admin", "state": "privileged", "groups": ["Staff", "Domain Admins"]},
]
SERVICE = "svc-reset"
PROBE = "svc-probe"  # serves nothing but `core-api check`, which sets a random password on it
GROUPS = ["Staff", "Helpdesk", "Finance"]
STRICT_GROUP, STRICT_LENGTH = "Finance", 14  # whose members have a password settings object

# Object class and rights of the delegation (MS-ADTS 5.1.3.2.1, MS-ADSC, MS-ADA).
CLASS_USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
CLASS_PASSWORD_SETTINGS = "3bcd9db8-f84b-451c-952f-6c52b81f9ec6"
RIGHT_RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
ATTRIBUTE_LOCKOUT_TIME = "28630ebf-41d5-11d1-a9c1-0000f80367c1"
ATTRIBUTE_PWD_LAST_SET = "bf967a0a-0de6-11d0-a285-00aa003049e2"

NEVER = 0x7FFFFFFFFFFFFFFF
# A pwdLastSet other than 0 and now, which nobody may write over the network (DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET_OID).
ANY_LAST_SET = "local_oid:1.3.6.1.4.1.7165.4.3.20:0"
LONG_AGO = 116444736000000000 + 946684800 * 10**7  # 2000-01-01 as 100 ns since 1601


def interval(seconds):
    """A span of time as Active Directory keeps it: negative, in units of 100 ns."""
    return str(-seconds * 10**7)


def new_password():
    """A random password that satisfies every policy of the domain, the strict one too."""
    return "Aa1-" + secrets.token_urlsafe(15)


class Domain:
    """The domain's database, and what of it stands in accounts.json."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "accounts.json")
        with open(self.file) as known:
            self.known = json.load(known)
        self.settings = LoadParm()
        self.settings.load(os.path.join(folder, "etc", "smb.conf"))
        self.sam = SamDB(
            url=os.path.join(folder, "private", "sam.ldb"), session_info=system_session(), lp=self.settings
        )
        self.base = self.sam.domain_dn()
        self.people = f"OU=People,{self.base}"
        self.suffix = self.known["realm"].lower()

    def password_of(self, username):
        """The password that the account got when it was first made, so that a reset gives it back."""
        entries = [self.known.get("service"), self.known.get("probe"), *self.known.get("accounts", [])]
        kept = [entry["password"] for entry in entries if entry and entry["username"] == username]
        return kept[0] if kept else new_password()

    def write_known(self):
        """Replaces accounts.json as a whole, so that a reader never sees half of it."""
        part = self.file + ".part"
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(self.known, out, indent=2)
        os.replace(part, self.file)

    def exists(self, dn):
        try:
            return bool(self.sam.search(dn, scope=ldb.SCOPE_BASE, attrs=["objectClass"]))
        except ldb.LdbError as error:
            if error.args[0] == ldb.ERR_NO_SUCH_OBJECT:
                return False
            raise

    def ensure(self, dn, **attributes):
        """Adds the object unless it is there."""
        if not self.exists(dn):
            self.sam.add({"dn": dn, **attributes})

    def replace(self, dn, controls=(), **attributes):
        """Gives the object these values."""
        change = ldb.Message(ldb.Dn(self.sam, dn))
        for name, value in attributes.items():
            change[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
        self.sam.modify(change, list(controls))

    def join(self, group_dn, member_dn):
        """Makes the object a member of the group, unless it is one."""
        member = f"(&(distinguishedName={group_dn})(member={member_dn}))"
        if not self.sam.search(self.base, scope=ldb.SCOPE_SUBTREE, expression=member, attrs=["cn"]):
            change = ldb.Message(ldb.Dn(self.sam, group_dn))
            change["member"] = ldb.MessageElement(member_dn, ldb.FLAG_MOD_ADD, "member")
            self.sam.modify(change)

    def group_dn(self, group):
        folder = f"CN=Users,{self.base}" if group == "Domain Admins" else f"OU=Groups,{self.base}"
        return f"CN={group},{folder}"

    def sid_of(self, dn):
        found = self.sam.search(dn, scope=ldb.SCOPE_BASE, attrs=["objectSid"])
        return str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))

    def put_account(self, dn, username, state, **attributes):
        """Makes the account, or puts it back, in the given state; the lock is made later. Returns its password."""
        password = self.password_of(username)
        self.ensure(
            dn,
            objectClass="user",
            sAMAccountName=username,
            userPrincipalName=f"{username}@{self.suffix}",
            userAccountControl=str(UF_NORMAL_ACCOUNT | UF_ACCOUNTDISABLE),
        )
        # Two steps: an account may be enabled only once its password satisfies the policy.
        self.replace(dn, unicodePwd=f'"{password}"'.encode("utf-16-le"), lockoutTime="0", **attributes)
        self.replace(
            dn,
            userAccountControl=str(UF_NORMAL_ACCOUNT | (UF_ACCOUNTDISABLE if state == "disabled" else 0)),
            accountExpires=str(LONG_AGO if state == "expired" else NEVER),
            pwdLastSet="0" if state == "must-change" else "-1",
        )
        if state == "password-expired":
            self.replace(dn, controls=[ANY_LAST_SET], pwdLastSet=str(LONG_AGO))
        return password


def put_policy(domain, options):
    """The domain's own password and lockout policy, and the stricter one of one group."""
    lockout = {
        "lockoutThreshold": str(options.lockout_threshold),
        "lockoutDuration": interval(options.lockout_duration),
        "lockOutObservationWindow": interval(options.lockout_window),
    }
    domain.replace(
        domain.base,
        minPwdLength="7",
        pwdProperties="1",  # complexity
        minPwdAge=interval(options.min_password_age),
        **lockout,
    )
    dn = f"CN=Strict,CN=Password Settings Container,CN=System,{domain.base}"
    strict = {
        "msDS-PasswordSettingsPrecedence": "10",
        "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "24",
        "msDS-PasswordComplexityEnabled": "TRUE",
        "msDS-MinimumPasswordLength": str(STRICT_LENGTH),
        "msDS-MinimumPasswordAge": interval(options.min_password_age),
        "msDS-MaximumPasswordAge": interval(42 * 86400),
        "msDS-LockoutThreshold": str(options.lockout_threshold),
        "msDS-LockoutDuration": interval(options.lockout_duration),
        "msDS-LockoutObservationWindow": interval(options.lockout_window),
        "msDS-PSOAppliesTo": domain.group_dn(STRICT_GROUP),
    }
    domain.ensure(dn, objectClass="msDS-PasswordSettings", **strict)
    domain.replace(dn, **strict)


def delegate(domain, service_dn):
    """The least that the service account needs: three rights on people, and to read password settings objects."""
    sid = domain.sid_of(service_dn)
    acl = SDUtils(domain.sam)
    acl.dacl_add_ace(
        domain.people,
        f"(OA;CIIO;CR;{RIGHT_RESET_PASSWORD};{CLASS_USER};{sid})"
        f"(OA;CIIO;RPWP;{ATTRIBUTE_LOCKOUT_TIME};{CLASS_USER};{sid})"
        f"(OA;CIIO;RP;{ATTRIBUTE_PWD_LAST_SET};{CLASS_USER};{sid})",
    )
    container = f"CN=Password Settings Container,CN=System,{domain.base}"
    acl.dacl_add_ace(container, f"(A;;RPLCLORC;;;{sid})(OA;CIIO;RPLCLORC;;{CLASS_PASSWORD_SETTINGS};{sid})")


def lock(domain, username, tries):
    """Locks the account as life does it: by wrong passwords."""
    for _ in range(tries):
        wrong = Credentials()
        wrong.guess(domain.settings)
        wrong.set_kerberos_state(DONT_USE_KERBEROS)
        wrong.set_username(username)
        wrong.set_domain(domain.known["netbios"])
        wrong.set_password(new_password())
        try:
            SamDB(url=f"ldap://{domain.known['ip']}", credentials=wrong, lp=domain.settings)
        except ldb.LdbError as error:
            if error.args[0] != ldb.ERR_INVALID_CREDENTIALS:
                raise
    found = domain.sam.search(
        domain.base, expression=f"(sAMAccountName={username})", attrs=["msDS-User-Account-Control-Computed"]
    )
    if not int(str(found[0]["msDS-User-Account-Control-Computed"])) & 16:
        raise SystemExit(f"{tries} wrong passwords did not lock {username}: is the server running?")


def populate(domain, options):
    """Everything, in the order in which it depends on each other."""
    for folder in ("People", "Groups", "Services"):
        domain.ensure(f"OU={folder},{domain.base}", objectClass="organizationalUnit")
    for group in GROUPS:
        domain.ensure(domain.group_dn(group), objectClass="group", sAMAccountName=group)
    put_policy(domain, options)

    service_dn = f"CN={SERVICE},OU=Services,{domain.base}"
    probe_dn = f"CN={PROBE},{domain.people}"
    services = {"service": (service_dn, SERVICE), "probe": (probe_dn, PROBE)}
    for key, (dn, username) in services.items():
        password = domain.put_account(dn, username, "normal")
        domain.known[key] = {
            "username": username,
            "upn": f"{username}@{domain.suffix}",
            "dn": dn,
            "password": password,
        }
    delegate(domain, service_dn)

    accounts = []
    for person in PEOPLE:
        username, dn = person["username"], f"CN={person['name']},{domain.people}"
        given, family = person["name"].split()
        email = f"{username}@home.example"
        password = domain.put_account(
            dn, username, person["state"], displayName=person["name"], givenName=given, sn=family, mail=email
        )
        for group in person["groups"]:
            domain.join(domain.group_dn(group), dn)
        accounts.append(
            {
                "username": username,
                "upn": f"{username}@{domain.suffix}",
                "dn": dn,
                "password": password,
                "email": email,
                "state": person["state"],
            }
        )
    domain.known["accounts"] = accounts
    domain.known["policy"] = vars(options)
    domain.write_known()
    for person in PEOPLE:
        if person["state"] == "locked" and options.lockout_threshold:  # without a threshold nothing locks
            lock(domain, person["username"], options.lockout_threshold)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="dc.sh populate")
    arguments.add_argument("folder", metavar="DIR")
    arguments.add_argument("--lockout-threshold", type=int, default=5, metavar="TRIES")
    arguments.add_argument("--lockout-duration", type=int, default=1800, metavar="SECONDS")
    arguments.add_argument("--lockout-window", type=int, default=1800, metavar="SECONDS")
    arguments.add_argument("--min-password-age", type=int, default=86400, metavar="SECONDS")
    options = arguments.parse_args()
    domain = Domain(options.folder)
    del options.folder
    populate(domain, options)


main()
