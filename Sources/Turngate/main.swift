print("turngate")
