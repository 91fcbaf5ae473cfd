"""A subset written once as shards of its own, in an order that is random when they are read one behind the other."""
