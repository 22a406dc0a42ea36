// i4: the webhooks part
