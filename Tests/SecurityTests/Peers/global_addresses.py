"""Python's own idea of which addresses are global, for EgressOracleTests.

Reads a JSON list of addresses from the file named by the first argument and prints
the list of those that it holds to be globally reachable unicast addresses.
"""

import ipaddress
import json
import sys


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        addresses = [ipaddress.ip_address(text) for text in json.load(file)]
    print(json.dumps([address.is_global and not address.is_multicast for address in addresses]))


if __name__ == "__main__":
    main()
