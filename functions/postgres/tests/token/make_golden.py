"""Writes golden.json: tokens as botocore signs them, with a fixed clock and fixed credentials.

    pip install botocore && python make_golden.py > golden.json

The credentials are the examples of AWS's documentation and open nothing.
"""

import datetime
import json

import botocore
import botocore.auth
import botocore.session
import botocore.signers

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = "AKIDEXAMPLE"
SESSION = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ+a/b=="

CASES = [
    # instant, region, host, port, role, session token
    ("2026-11-21T03:00:00Z", "eu-west-1", "drill-courses.abc123.eu-west-1.rds.amazonaws.com", 5432, "restore_drill", SESSION),
    ("2026-11-21T03:00:00Z", "eu-west-1", "drill-courses.abc123.eu-west-1.rds.amazonaws.com", 5432, "restore_drill", None),
    ("2026-01-01T00:00:00Z", "us-east-1", "replica.xyz.us-east-1.rds.amazonaws.com", 6543, "Drill Reader", SESSION),
    ("2026-02-28T23:59:59Z", "ap-southeast-2", "replica.xyz.ap-southeast-2.rds.amazonaws.com", 5432, "a+b&c=d/e?f#g%h", SESSION),
    ("2026-02-28T23:59:59Z", "cn-north-1", "replica.xyz.cn-north-1.rds.amazonaws.com.cn", 5432, "prüfer-数据", SESSION),
    ("2026-03-29T01:30:00Z", "us-gov-west-1", "replica.xyz.us-gov-west-1.rds.amazonaws.com", 5432, "o'neil\"x;*~.-_(!)", None),
    ("2026-11-21T12:34:56Z", "eu-central-1", "localhost", 54321, "drill@example.com", None),
    ("2026-11-21T12:34:56Z", "eu-central-1", "127.0.0.1", 65535, "a,b:c\\d|e<f>{g}[h]^`$", SESSION),
]


def token(instant, region, host, port, user, session_token):
    moment = datetime.datetime.strptime(instant, "%Y-%m-%dT%H:%M:%SZ")
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment
    session = botocore.session.get_session()
    session.set_credentials(KEY, SECRET, session_token)
    client = session.create_client("rds", region_name=region)
    return client.generate_db_auth_token(host, port, user, region)


if __name__ == "__main__":
    names = ("instant", "region", "host", "port", "user", "session_token")
    cases = [dict(zip(names, case), token=token(*case)) for case in CASES]
    golden = {"botocore": botocore.__version__, "access_key_id": KEY, "secret_access_key": SECRET, "cases": cases}
    print(json.dumps(golden, indent=2, ensure_ascii=False))
